// SPDX-License-Identifier: GPL-2.0-only
//
// Sets of bytes, against the same sets as bits.

#include "replay/range_set.h"

#include "base/random.h"

#include <catch2/catch.hpp>

#include <bitset>
#include <ostream>

namespace powercut {

std::ostream& operator<<(std::ostream& out, const ByteRange& range) {
  return out << range.begin << "-" << range.end;
}

namespace {

constexpr std::size_t kBytes = 40;
using Bits = std::bitset<kBytes>;

std::vector<ByteRange> random_ranges(Random& random) {
  std::vector<ByteRange> ranges(random.below(8));
  for (ByteRange& range : ranges) {
    range.begin = random.below(kBytes);
    range.end = range.begin + random.below(kBytes - range.begin + 1);
  }
  return ranges;
}

Bits bits_of(std::span<const ByteRange> ranges) {
  Bits bits;
  for (const ByteRange& range : ranges) {
    for (std::uint64_t i = range.begin; i < range.end; ++i) {
      bits.set(i);
    }
  }
  return bits;
}

// Sorted, none empty, none touching the next.
bool normal(const RangeSet& set) {
  std::uint64_t last = 0;
  bool first = true;
  for (const ByteRange& range : set.ranges()) {
    if (range.begin >= range.end || (!first && range.begin <= last)) {
      return false;
    }
    last = range.end;
    first = false;
  }
  return true;
}

TEST_CASE("ranges that overlap or touch are one, empty ones none", "[replay][ranges]") {
  const RangeSet set({{8, 12}, {0, 4}, {4, 6}, {10, 20}, {30, 30}});
  CHECK(std::vector<ByteRange>(set.ranges().begin(), set.ranges().end()) ==
        std::vector<ByteRange>{{0, 6}, {8, 20}});
  CHECK(set.total_bytes() == 18);
}

TEST_CASE("sets of ranges are sets of bytes", "[replay][ranges]") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    const std::vector<ByteRange> a = random_ranges(random);
    const std::vector<ByteRange> b = random_ranges(random);
    const RangeSet left(a);
    const RangeSet right(b);
    const RangeSet rest = left.without(right);
    const RangeSet common = left.common_with(right);
    REQUIRE((normal(left) && normal(rest) && normal(common)));
    REQUIRE(bits_of(left.ranges()) == bits_of(a));
    REQUIRE(left.total_bytes() == bits_of(a).count());
    REQUIRE(bits_of(rest.ranges()) == (bits_of(a) & ~bits_of(b)));
    REQUIRE(bits_of(common.ranges()) == (bits_of(a) & bits_of(b)));
    for (const ByteRange& range : b) {
      std::vector<ByteRange> expected;
      for (const ByteRange& ours : left.ranges()) {
        if (std::max(ours.begin, range.begin) < std::min(ours.end, range.end)) {
          expected.push_back(ours);
        }
      }
      const std::span<const ByteRange> found = left.touching(range);
      REQUIRE(std::vector<ByteRange>(found.begin(), found.end()) == expected);
    }
  }
}

}  // namespace
}  // namespace powercut
