// SPDX-License-Identifier: GPL-2.0-only
//
// The order of the checks matters: first what tells a segment of this log from what was
// on the device before (magic, uuid), then the checksum, then what a sane writer would
// have written. Sizes are bounded before they are used, so the checksum never runs over
// more than 65535 events.

#include "log/segment_walk.h"

#include "base/crc32c.h"
#include "kernel/log-writes/log_format.h"
#include "log/event_check.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace powercut {

namespace {

constexpr std::uint32_t kLastFlags = PC_SEGMENT_END | PC_SEGMENT_STOPPED;
constexpr std::uint32_t kKnownFlags = kLastFlags | PC_SEGMENT_XXH64;

class Walk {
 public:
  Walk(const MappedFile& file, const Format2Super& super)
      : file_(file),
        super_(super),
        limit_(file.size_bytes()),
        check_(file.bytes(), super.devices),
        pages_(file) {
    if (super.log_bytes != 0) {
      limit_ = std::min(limit_, super.log_bytes);
    }
    chain_.offset = PC_FIRST_SEGMENT_OFFSET;
  }

  SegmentChain run() {
    while (step()) {
      pages_.passed(chain_.offset);
    }
    return std::move(chain_);
  }

 private:
  // Takes the segment at chain_.offset; false ends the walk.
  bool step() {
    const std::uint64_t offset = chain_.offset;
    if (offset > limit_ || limit_ - offset < sizeof(pc_segment)) {
      return end(ChainEnd::kCutOff,
                 fmt::format("the log's space ends at byte {}", limit_));
    }
    const pc_segment header = load_struct<pc_segment>(file_.bytes(), offset);
    if (from_le<std::uint64_t>(header.magic) != PC_SEGMENT_MAGIC) {
      return end(ChainEnd::kCutOff, fmt::format("no segment begins there, magic is {:#x}",
                                                from_le<std::uint64_t>(header.magic)));
    }
    if (!std::equal(super_.uuid.begin(), super_.uuid.end(), std::begin(header.uuid))) {
      return end(ChainEnd::kCutOff, "a segment of another log is there");
    }
    SegmentEntry entry;
    std::string why = check_bounds(header, entry);
    if (why.empty()) {
      why = check_header(header, entry);
    }
    if (why.empty()) {
      why = check_events(entry);
    }
    if (!why.empty()) {
      return end(ChainEnd::kDamaged, std::move(why));
    }
    return take(header, entry);
  }

  bool end(ChainEnd end, std::string why) {
    chain_.end = end;
    chain_.why = std::move(why);
    return false;
  }

  std::string check_bounds(const pc_segment& header, SegmentEntry& entry) const {
    const std::uint32_t flags = from_le<std::uint32_t>(header.flags);
    const std::uint64_t data_bytes = from_le<std::uint64_t>(header.data_bytes);
    entry.offset = chain_.offset;
    entry.event_count = from_le<std::uint32_t>(header.event_count);
    if ((flags & ~kKnownFlags) != 0) {
      return fmt::format("unknown flag bits {:#x}", flags & ~kKnownFlags);
    }
    if (entry.event_count > PC_SEGMENT_MAX_EVENTS ||
        (entry.event_count == 0 && (flags & kLastFlags) == 0)) {
      return fmt::format("{} events (1 to {} expected)", entry.event_count,
                         PC_SEGMENT_MAX_EVENTS);
    }
    if (data_bytes > PC_SEGMENT_MAX_DATA) {
      return fmt::format("{} bytes of data (at most {} expected)", data_bytes,
                         PC_SEGMENT_MAX_DATA);
    }
    entry.data_bytes = static_cast<std::uint32_t>(data_bytes);
    entry.data_offset = entry.offset + round_up(events_end(entry), super_.block_bytes);
    // With no data, the padding behind the events may be cut off.
    const std::uint64_t needed_end = data_bytes == 0 ? entry.offset + events_end(entry)
                                                     : entry.data_offset + data_bytes;
    if (needed_end > limit_) {
      return fmt::format("it should reach to byte {}, the log's space ends at byte {}",
                         needed_end, limit_);
    }
    return {};
  }

  static std::uint64_t events_end(const SegmentEntry& entry) {
    return sizeof(pc_segment) + sizeof(pc_event) * std::uint64_t{entry.event_count};
  }

  std::string check_header(const pc_segment& header, SegmentEntry& entry) const {
    entry.crc = from_le<std::uint32_t>(header.crc);
    pc_segment without_crc = header;
    without_crc.crc = 0;
    const auto events = file_.bytes().subspan(entry.offset + sizeof(pc_segment),
                                              events_end(entry) - sizeof(pc_segment));
    const std::uint32_t crc = crc32c(events, crc32c(bytes_of(without_crc)));
    if (crc != entry.crc) {
      return fmt::format(
          "the checksum of its header and events is {:#010x}, {:#010x} was "
          "recorded",
          crc, entry.crc);
    }
    const std::vector<SegmentEntry>& before = chain_.index.entries();

    struct Expectation {
      const char* name;
      std::uint64_t found;
      std::uint64_t expected;
    };

    const Expectation expectations[] = {
        {"index", from_le<std::uint64_t>(header.index), before.size()},
        {"offset", from_le<std::uint64_t>(header.offset), chain_.offset},
        {"previous offset", from_le<std::uint64_t>(header.prev_offset),
         before.empty() ? 0 : before.back().offset},
        {"previous checksum", from_le<std::uint32_t>(header.prev_crc),
         before.empty() ? 0 : before.back().crc},
        {"first seq", from_le<std::uint64_t>(header.first_seq), chain_.index.end_seq()},
    };
    for (const Expectation& expectation : expectations) {
      if (expectation.found != expectation.expected) {
        return fmt::format("its {} is {:#x}, {:#x} expected", expectation.name,
                           expectation.found, expectation.expected);
      }
    }
    entry.data_xxh64 = (from_le<std::uint32_t>(header.flags) & PC_SEGMENT_XXH64) != 0;
    entry.data_sum = from_le<std::uint32_t>(header.data_sum) |
                     std::uint64_t{from_le<std::uint32_t>(header.data_sum_high)} << 32;
    entry.first_seq = from_le<std::uint64_t>(header.first_seq);
    entry.first_flush = flushes_;
    entry.first_mark = marks_;
    return {};
  }

  // Counts flushes and marks itself: the header's counts are for readers that do not
  // walk the chain.
  std::string check_events(const SegmentEntry& entry) {
    const SegmentData data{entry.data_offset, entry.data_bytes};
    for (std::uint64_t i = 0; i < entry.event_count; ++i) {
      const std::uint64_t position =
          entry.offset + sizeof(pc_segment) + i * sizeof(pc_event);
      const pc_event event = load_struct<pc_event>(file_.bytes(), position);
      const std::string why = check_.check(event, entry.first_seq + i, position, data);
      if (!why.empty()) {
        // A mark is judged by its text, which only the data's checksum protects.
        std::string data_why = event.type == PC_EVENT_MARK
                                   ? check_segment_data(file_, entry)
                                   : std::string();
        return !data_why.empty() ? data_why
                                 : fmt::format("seq {} at byte {}: {}",
                                               entry.first_seq + i, position, why);
      }
      flushes_ += event.type == PC_EVENT_COMPLETE && event.op == PC_OP_FLUSH ? 1 : 0;
      marks_ += event.type == PC_EVENT_MARK ? 1 : 0;
    }
    return {};
  }

  bool take(const pc_segment& header, const SegmentEntry& entry) {
    chain_.index.add(entry);
    chain_.offset = entry.data_offset + round_up(entry.data_bytes, super_.block_bytes);
    const std::uint32_t flags = from_le<std::uint32_t>(header.flags);
    if ((flags & kLastFlags) != 0) {
      return end(
          (flags & PC_SEGMENT_STOPPED) != 0 ? ChainEnd::kStopped : ChainEnd::kClosed, {});
    }
    return true;
  }

  const MappedFile& file_;
  const Format2Super& super_;
  std::uint64_t limit_;  // where the log's space ends in the file
  EventCheck check_;
  PassedPages pages_;
  SegmentChain chain_;
  std::uint64_t flushes_ = 0;
  std::uint64_t marks_ = 0;
};

}  // namespace

SegmentChain walk_segments(const MappedFile& file, const Format2Super& super) {
  return Walk(file, super).run();
}

std::string check_segment_data(const MappedFile& file, const SegmentEntry& entry) {
  const std::span<const std::byte> data = file.bytes().subspan(
      std::min(entry.data_offset, file.size_bytes()), entry.data_bytes);
  const std::uint64_t sum =
      entry.data_xxh64 ? XXH64(data.data(), data.size(), 0) : crc32c(data);
  if (sum == entry.data_sum) {
    return {};
  }
  return fmt::format(
      "the checksum of its {} bytes of data is {:#010x}, {:#010x} was "
      "recorded",
      entry.data_bytes, sum, entry.data_sum);
}

}  // namespace powercut
