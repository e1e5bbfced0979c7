// SPDX-License-Identifier: GPL-2.0-only

#include "log/segment_index.h"

#include "base/ensure.h"

#include <algorithm>

namespace powercut {

std::uint64_t SegmentIndex::end_seq() const {
  return entries_.empty() ? 0 : entries_.back().first_seq + entries_.back().event_count;
}

std::size_t SegmentIndex::last_not_after(std::uint64_t SegmentEntry::*key,
                                         std::uint64_t value) const {
  PC_ENSURE(!entries_.empty(), "a search in an empty segment index");
  const auto after = std::ranges::upper_bound(entries_, value, {}, key);
  return after == entries_.begin()
             ? 0
             : static_cast<std::size_t>(after - entries_.begin() - 1);
}

std::size_t SegmentIndex::segment_of_seq(std::uint64_t seq) const {
  return last_not_after(&SegmentEntry::first_seq, seq);
}

std::size_t SegmentIndex::segment_of_flush(std::uint64_t flush) const {
  return last_not_after(&SegmentEntry::first_flush, flush);
}

std::size_t SegmentIndex::segment_of_mark(std::uint64_t mark) const {
  return last_not_after(&SegmentEntry::first_mark, mark);
}

}  // namespace powercut
