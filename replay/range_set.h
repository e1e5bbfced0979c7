// SPDX-License-Identifier: GPL-2.0-only
//
// A set of bytes of a device, as ranges: what was written, what a list names, what of the
// one the other lacks. It knows no log and no device.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace powercut {

// [begin, end) in bytes.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  std::uint64_t length() const { return end - begin; }

  bool operator==(const ByteRange&) const = default;
};

// A value; immutable. Its ranges are sorted, not empty, and neither overlap nor touch.
class RangeSet {
 public:
  RangeSet() = default;
  // Any ranges in any order; begin <= end.
  explicit RangeSet(std::vector<ByteRange> ranges);

  std::span<const ByteRange> ranges() const { return ranges_; }

  bool empty() const { return ranges_.empty(); }

  std::uint64_t total_bytes() const;

  // What is here and not in `other`; what is in both. Linear in the number of ranges.
  RangeSet without(const RangeSet& other) const;
  RangeSet common_with(const RangeSet& other) const;

  // Those of the ranges that share a byte with `range`, as they are. Logarithmic.
  std::span<const ByteRange> touching(const ByteRange& range) const;

  bool operator==(const RangeSet&) const = default;

 private:
  std::vector<ByteRange> ranges_;
};

}  // namespace powercut
