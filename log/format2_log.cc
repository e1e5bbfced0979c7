// SPDX-License-Identifier: GPL-2.0-only

#include "log/format2_log.h"

#include "base/ensure.h"
#include "kernel/log-writes/log_format.h"
#include "log/event_wire.h"
#include "log/segment_data_check.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace powercut {

namespace {

// Data that a crash of the recording machine may have kept from the medium is in the
// last segments; these are always checked.
constexpr std::size_t kAlwaysCheckedSegments = 8;

std::string after_seq(std::uint64_t end_seq) {
  return end_seq == 0 ? std::string("before the first event")
                      : fmt::format("after seq {}", end_seq - 1);
}

}  // namespace

Result<std::unique_ptr<Log>> Format2Log::open(MappedFile file, const std::string& name,
                                              const LogOptions& options,
                                              DamageSink& sink) {
  PC_ASSIGN_OR_RETURN(Format2Super super, read_super(file.bytes(), name));
  file.advise_sequential();
  std::unique_ptr<Format2Log> log(new Format2Log(std::move(file), std::move(super)));
  SegmentChain chain = walk_segments(log->file_, log->super_);
  log->check_data(chain, options.verify_data);
  log->end_bytes_ = std::min(chain.offset, log->file_.size_bytes());
  log->index_ = std::move(chain.index);
  log->end_ = chain.end == ChainEnd::kClosed ? LogEnd::kClean : LogEnd::kCut;
  log->report_end(chain, sink);
  return log;
}

void Format2Log::check_data(SegmentChain& chain, bool all) const {
  const std::vector<SegmentEntry>& entries = chain.index.entries();
  const std::size_t first =
      all ? 0 : entries.size() - std::min(entries.size(), kAlwaysCheckedSegments);
  const auto damaged = first_damaged_segment(file_, std::span(entries).subspan(first));
  if (!damaged) {
    return;
  }
  const SegmentEntry entry = entries[first + *damaged];
  chain.end = ChainEnd::kDamaged;
  chain.offset = entry.offset;
  chain.why = check_segment_data(file_, entry);
  chain.index.truncate(first + *damaged);
}

void Format2Log::report_end(const SegmentChain& chain, DamageSink& sink) const {
  if (chain.end == ChainEnd::kClosed) {
    return;
  }
  const std::string after = after_seq(entry_count());
  if (chain.end == ChainEnd::kStopped) {
    sink.on_damage(
        chain.offset, 0,
        fmt::format("the log was full {}: what was recorded later is missing", after));
    return;
  }
  const std::uint64_t offset = std::min(chain.offset, file_.size_bytes());
  const std::uint64_t rest = file_.size_bytes() - offset;
  std::string why =
      chain.end == ChainEnd::kCutOff
          ? fmt::format(
                "the log was not closed: recording was cut off {}: byte {}: {}; "
                "{} bytes from there to the end of the file were not used",
                after, chain.offset, chain.why, rest)
          : fmt::format(
                "segment {} at byte {}, {}: {}; {} bytes from there to the end of "
                "the file were not used",
                index_.entries().size(), chain.offset, after, chain.why, rest);
  if (super_.tail_seq > entry_count()) {
    why +=
        fmt::format("; the superblock knows of events up to seq {}", super_.tail_seq - 1);
  }
  sink.on_damage(offset, rest, why);
}

std::string Format2Log::description() const {
  return fmt::format("format 2 (powercut; {} device{}, blocks of {} bytes)",
                     super_.devices.size(), super_.devices.size() == 1 ? "" : "s",
                     super_.block_bytes);
}

void Format2Log::visit_from(std::uint64_t seq, const Visitor& visitor) const {
  if (seq >= entry_count()) {
    return;
  }
  const std::vector<SegmentEntry>& entries = index_.entries();
  std::size_t number = index_.segment_of_seq(seq);
  PassedPages pages(file_, entries[number].offset);
  for (; number < entries.size(); ++number) {
    const SegmentEntry& entry = entries[number];
    pages.passed(entry.offset);
    const std::uint64_t skipped = seq > entry.first_seq ? seq - entry.first_seq : 0;
    for (std::uint64_t i = skipped; i < entry.event_count; ++i) {
      const pc_event raw = load_struct<pc_event>(
          file_.bytes(), entry.offset + sizeof(pc_segment) + i * sizeof(pc_event));
      const Event event =
          decode_event(raw, entry.first_seq + i, entry.data_offset, file_.bytes());
      if (visitor(event) == Visit::kStop) {
        return;
      }
    }
  }
}

std::span<const std::byte> Format2Log::bytes(std::uint64_t pos,
                                             std::uint64_t length) const {
  PC_ENSURE(pos <= file_.size_bytes() && length <= file_.size_bytes() - pos,
            "a range of the log that no event named");
  return file_.bytes().subspan(pos, length);
}

std::uint64_t Format2Log::digest() const {
  std::vector<std::uint8_t> identity(super_.uuid.begin(), super_.uuid.end());
  for (const SegmentEntry& entry : index_.entries()) {
    const std::uint32_t crc = to_le<std::uint32_t>(entry.crc);
    const auto bytes = bytes_of(crc);
    for (std::byte byte : bytes) {
      identity.push_back(std::to_integer<std::uint8_t>(byte));
    }
  }
  return XXH3_64bits(identity.data(), identity.size());
}

}  // namespace powercut
