// SPDX-License-Identifier: GPL-2.0-only

#include "log/event_check.h"

#include "kernel/log-writes/log_format.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

namespace {

constexpr std::uint32_t kKnownFlags = PC_EVENT_FUA | PC_EVENT_META | PC_EVENT_SYNC |
                                      PC_EVENT_NOUNMAP | PC_EVENT_UNSTABLE |
                                      PC_EVENT_SECURE;

std::string check_data(std::uint64_t offset, std::uint64_t length,
                       const SegmentData& data) {
  if (offset > data.length_bytes || length > data.length_bytes - offset) {
    return fmt::format("{} bytes of data at {} are not within the segment's {}", length,
                       offset, data.length_bytes);
  }
  return {};
}

bool is_submitted_op(std::uint8_t op) {
  return op == PC_OP_WRITE || op == PC_OP_FLUSH || op == PC_OP_DISCARD ||
         op == PC_OP_WRITE_ZEROES;
}

}  // namespace

std::string EventCheck::check(const pc_event& event, std::uint64_t seq,
                              std::uint64_t position, const SegmentData& data) {
  const std::uint32_t flags = from_le<std::uint32_t>(event.flags);
  if ((flags & ~kKnownFlags) != 0) {
    return fmt::format("unknown flag bits {:#x}", flags & ~kKnownFlags);
  }
  if ((flags & PC_EVENT_UNSTABLE) != 0 && event.type != PC_EVENT_COMPLETE) {
    return "only a completion can be unstable";
  }
  switch (event.type) {
    case PC_EVENT_SUBMIT: {
      std::string why = check_submission(event, seq, data);
      if (why.empty()) {
        open_.insert(seq, position);
      }
      return why;
    }
    case PC_EVENT_COMPLETE:
      return check_completion(event, seq, data);
    case PC_EVENT_MARK:
      return check_mark(event, data);
    case PC_EVENT_READ:
      return event.op == PC_OP_READ ? check_range(event, seq)
                                    : fmt::format("a read with op {}", event.op);
    default:
      return fmt::format("unknown type {}", event.type);
  }
}

std::string EventCheck::check_range(const pc_event& event, std::uint64_t seq) const {
  const std::uint16_t index = from_le<std::uint16_t>(event.device);
  if (index >= devices_.size()) {
    return fmt::format("device {} of {}", index, devices_.size());
  }
  const Device& device = devices_[index];
  if (seq < device.attach_seq) {
    return fmt::format("device {} was attached later, at seq {}", index,
                       device.attach_seq);
  }
  const std::uint64_t limit =
      device.size_bytes != 0 ? device.size_bytes : kMaxDeviceBytes;
  const std::uint64_t offset = from_le<std::uint64_t>(event.offset_bytes);
  const std::uint64_t length = from_le<std::uint64_t>(event.length_bytes);
  if (offset > limit || length > limit - offset) {
    return fmt::format("{} bytes at byte {} are beyond device {} of {} bytes", length,
                       offset, index, limit);
  }
  return {};
}

std::string EventCheck::check_submission(const pc_event& event, std::uint64_t seq,
                                         const SegmentData& data) const {
  if (!is_submitted_op(event.op)) {
    return fmt::format("a submission with op {}", event.op);
  }
  const std::uint64_t length = from_le<std::uint64_t>(event.length_bytes);
  if ((length == 0) != (event.op == PC_OP_FLUSH)) {
    return fmt::format("a submission with op {} of {} bytes", event.op, length);
  }
  std::string why = check_range(event, seq);
  if (why.empty() && event.op == PC_OP_WRITE) {
    why = check_data(from_le<std::uint64_t>(event.data_offset), length, data);
  }
  return why;
}

std::string EventCheck::check_completion(const pc_event& event, std::uint64_t seq,
                                         const SegmentData& data) {
  const std::uint64_t ref = from_le<std::uint64_t>(event.u.done.ref_seq);
  const auto position = ref < seq ? open_.take(ref) : std::nullopt;
  if (!position) {
    return fmt::format("completes seq {}, which is no open submission", ref);
  }
  const pc_event submission = load_struct<pc_event>(file_, *position);
  if (event.op != submission.op || event.device != submission.device) {
    return fmt::format("completes seq {} as op {} of device {}, submitted as op {} of {}",
                       ref, event.op, from_le<std::uint16_t>(event.device), submission.op,
                       from_le<std::uint16_t>(submission.device));
  }
  const bool same_range = event.offset_bytes == submission.offset_bytes &&
                          event.length_bytes == submission.length_bytes;
  const bool unstable = (from_le<std::uint32_t>(event.flags) & PC_EVENT_UNSTABLE) != 0;
  if (!same_range) {
    return fmt::format("completes seq {} with another range", ref);
  }
  if (unstable && event.op != PC_OP_WRITE) {
    return fmt::format("an unstable completion of op {}", event.op);
  }
  return unstable ? check_data(from_le<std::uint64_t>(event.data_offset),
                               from_le<std::uint64_t>(event.length_bytes), data)
                  : std::string();
}

std::string EventCheck::check_mark(const pc_event& event, const SegmentData& data) const {
  const std::uint64_t length = from_le<std::uint64_t>(event.length_bytes);
  if (event.op != PC_OP_NONE) {
    return fmt::format("a mark with op {}", event.op);
  }
  if (event.device != 0 || event.offset_bytes != 0) {
    return fmt::format("a mark at byte {} of device {}",
                       from_le<std::uint64_t>(event.offset_bytes),
                       from_le<std::uint16_t>(event.device));
  }
  if (length == 0 || length > PC_MARK_MAX_BYTES) {
    return fmt::format("a mark of {} bytes (1 to {} expected)", length,
                       PC_MARK_MAX_BYTES);
  }
  const std::uint64_t offset = from_le<std::uint64_t>(event.data_offset);
  std::string why = check_data(offset, length, data);
  if (!why.empty()) {
    return why;
  }
  const auto text = file_.subspan(data.position + offset, length);
  if (std::find(text.begin(), text.end(), std::byte{0}) != text.end()) {
    return "a mark with a zero byte in its text";
  }
  return {};
}

}  // namespace powercut
