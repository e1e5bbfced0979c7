// SPDX-License-Identifier: GPL-2.0-only
//
// Where the segments of a format-2 log are: the sparse index that finds any sequence
// number, flush or mark without reading the log from its start.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace powercut {

// One segment, as its header says and the walk has checked; 64 bytes for up to 1 MiB of
// log.
struct SegmentEntry {
  std::uint64_t offset = 0;       // of the header in the file
  std::uint64_t data_offset = 0;  // of the data in the file
  std::uint64_t first_seq = 0;
  std::uint64_t first_flush = 0;  // completed flushes before it
  std::uint64_t first_mark = 0;   // marks before it
  std::uint32_t event_count = 0;
  std::uint32_t data_bytes = 0;
  std::uint32_t crc = 0;       // of header and events
  bool data_xxh64 = false;     // data_sum is XXH64, not CRC32C
  std::uint64_t data_sum = 0;  // as recorded
};

class SegmentIndex {
 public:
  void add(const SegmentEntry& entry) { entries_.push_back(entry); }

  // Keeps the first `count` segments.
  void truncate(std::size_t count) { entries_.resize(count); }

  const std::vector<SegmentEntry>& entries() const { return entries_; }

  // Sequence number after the last event.
  std::uint64_t end_seq() const;

  // The number of the segment that holds the event, which must be before end_seq().
  std::size_t segment_of_seq(std::uint64_t seq) const;

  // The number of the segment that holds this flush's completion or this mark, both
  // counted from 0; the last segment if there are not so many.
  std::size_t segment_of_flush(std::uint64_t flush) const;
  std::size_t segment_of_mark(std::uint64_t mark) const;

 private:
  std::size_t last_not_after(std::uint64_t SegmentEntry::*key, std::uint64_t value) const;

  std::vector<SegmentEntry> entries_;
};

}  // namespace powercut
