// SPDX-License-Identifier: GPL-2.0-only

#include "replay/range_set.h"

#include <algorithm>
#include <utility>

namespace powercut {

RangeSet::RangeSet(std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
  for (const ByteRange& range : ranges) {
    if (range.begin == range.end) {
      continue;
    }
    if (!ranges_.empty() && range.begin <= ranges_.back().end) {
      ranges_.back().end = std::max(ranges_.back().end, range.end);
    } else {
      ranges_.push_back(range);
    }
  }
}

std::uint64_t RangeSet::total_bytes() const {
  std::uint64_t total = 0;
  for (const ByteRange& range : ranges_) {
    total += range.length();
  }
  return total;
}

RangeSet RangeSet::common_with(const RangeSet& other) const {
  RangeSet common;
  std::size_t a = 0;
  std::size_t b = 0;
  while (a < ranges_.size() && b < other.ranges_.size()) {
    const ByteRange both{std::max(ranges_[a].begin, other.ranges_[b].begin),
                         std::min(ranges_[a].end, other.ranges_[b].end)};
    if (both.begin < both.end) {
      common.ranges_.push_back(both);
    }
    // The one that ends first can have nothing more in common.
    if (ranges_[a].end < other.ranges_[b].end) {
      ++a;
    } else {
      ++b;
    }
  }
  return common;
}

RangeSet RangeSet::without(const RangeSet& other) const {
  RangeSet rest;
  std::size_t next = 0;
  for (ByteRange range : ranges_) {
    while (next < other.ranges_.size() && other.ranges_[next].end <= range.begin) {
      ++next;
    }
    // A range of the other may reach into the next one of ours: it is looked at again.
    for (std::size_t i = next;
         i < other.ranges_.size() && other.ranges_[i].begin < range.end; ++i) {
      if (range.begin < other.ranges_[i].begin) {
        rest.ranges_.push_back({range.begin, other.ranges_[i].begin});
      }
      range.begin = std::min(range.end, other.ranges_[i].end);
      next = i;
    }
    if (range.begin < range.end) {
      rest.ranges_.push_back(range);
    }
  }
  return rest;
}

std::span<const ByteRange> RangeSet::touching(const ByteRange& range) const {
  if (range.begin >= range.end) {
    return {};
  }
  const auto first = std::partition_point(
      ranges_.begin(), ranges_.end(),
      [&](const ByteRange& ours) { return ours.end <= range.begin; });
  const auto last =
      std::partition_point(first, ranges_.end(),
                           [&](const ByteRange& ours) { return ours.begin < range.end; });
  return {first, last};
}

}  // namespace powercut
