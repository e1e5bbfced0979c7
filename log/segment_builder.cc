// SPDX-License-Identifier: GPL-2.0-only

#include "log/segment_builder.h"

#include "base/crc32c.h"
#include "base/ensure.h"
#include "kernel/log-writes/log_format.h"
#include "log/event_wire.h"
#include "log/wire.h"

#include <algorithm>
#include <cstring>

namespace powercut {

namespace {

constexpr std::size_t kFullEvents = 4096;
constexpr std::size_t kFullDataBytes = 1U << 20;
// Below this, copying the data behind the events is cheaper than a second write.
constexpr std::size_t kOneWriteBytes = 128U << 10;

}  // namespace

SegmentBuilder::SegmentBuilder(const LogUuid& uuid, std::uint32_t block_bytes)
    : uuid_(uuid), block_bytes_(block_bytes), offset_(PC_FIRST_SEGMENT_OFFSET) {}

SegmentBuilder::~SegmentBuilder() = default;

void SegmentBuilder::add(const Event& event, std::span<const std::byte> data) {
  PC_ENSURE(has_room(data.size()), "more in a segment than it may hold");
  events_.push_back(encode_event(event, data.empty() ? 0 : data_.size()));
  data_.insert(data_.end(), data.begin(), data.end());
  flushes_ += event.type == EventType::kComplete && event.op == Op::kFlush ? 1 : 0;
  marks_ += event.type == EventType::kMark ? 1 : 0;
}

bool SegmentBuilder::wants_writing() const {
  return events_.size() >= kFullEvents || data_.size() >= kFullDataBytes;
}

bool SegmentBuilder::has_room(std::uint64_t data_bytes) const {
  return events_.size() < PC_SEGMENT_MAX_EVENTS &&
         data_bytes <= PC_SEGMENT_MAX_DATA - data_.size();
}

std::uint64_t SegmentBuilder::bytes_with(std::uint64_t data_bytes) const {
  return round_up(sizeof(pc_segment) + sizeof(pc_event) * (events_.size() + 1),
                  block_bytes_) +
         round_up(data_.size() + data_bytes, block_bytes_);
}

std::vector<std::byte> SegmentBuilder::encode_head(std::uint32_t flags,
                                                   std::uint64_t time_ns) {
  pc_segment header{};
  header.magic = to_le<std::uint64_t>(PC_SEGMENT_MAGIC);
  header.flags = to_le(flags);
  std::copy(uuid_.begin(), uuid_.end(), std::begin(header.uuid));
  header.index = to_le<std::uint64_t>(index_);
  header.offset = to_le<std::uint64_t>(offset_);
  header.prev_offset = to_le<std::uint64_t>(last_offset_);
  header.prev_crc = to_le<std::uint32_t>(last_crc_);
  header.event_count = to_le(static_cast<std::uint32_t>(events_.size()));
  header.first_seq = to_le<std::uint64_t>(first_seq_);
  header.first_flush = to_le<std::uint64_t>(first_flush_);
  header.first_mark = to_le<std::uint64_t>(first_mark_);
  header.data_bytes = to_le<std::uint64_t>(data_.size());
  header.data_sum = to_le<std::uint32_t>(crc32c(data_));
  header.time_ns = to_le<std::uint64_t>(time_ns);
  const auto events = std::as_bytes(std::span(events_));
  crc_ = crc32c(events, crc32c(bytes_of(header)));
  header.crc = to_le<std::uint32_t>(crc_);
  std::vector<std::byte> head(round_up(sizeof(header) + events.size(), block_bytes_));
  std::ranges::copy(bytes_of(header), head.begin());
  std::ranges::copy(events, head.begin() + sizeof(header));
  return head;
}

Status SegmentBuilder::write(const Fd& fd, const std::filesystem::path& name,
                             std::uint32_t flags, std::uint64_t time_ns) {
  std::vector<std::byte> head = encode_head(flags, time_ns);
  const std::uint64_t head_bytes = head.size();
  const std::uint64_t padded_bytes = round_up(data_.size(), block_bytes_);
  if (padded_bytes <= kOneWriteBytes) {
    head.insert(head.end(), data_.begin(), data_.end());
    head.resize(head_bytes + padded_bytes);
    PC_RETURN_IF_ERROR(write_fully(fd, head, offset_, name));
  } else {
    const std::size_t data_bytes = data_.size();
    data_.resize(padded_bytes);
    const Status written = write_fully(fd, data_, offset_ + head_bytes, name);
    data_.resize(data_bytes);
    PC_RETURN_IF_ERROR(written);
    PC_RETURN_IF_ERROR(write_fully(fd, head, offset_, name));
  }
  last_offset_ = offset_;
  last_crc_ = crc_;
  offset_ += head_bytes + padded_bytes;
  first_seq_ += events_.size();
  first_flush_ += flushes_;
  first_mark_ += marks_;
  ++index_;
  discard();
  return {};
}

void SegmentBuilder::discard() {
  events_.clear();
  data_.clear();
  flushes_ = 0;
  marks_ = 0;
}

}  // namespace powercut
