// SPDX-License-Identifier: GPL-2.0-only
//
// What a log has changed between two instants, and what a list lacks of it.

#include "replay/changed_blocks.h"

#include "replay/recording.h"
#include "tests/support/random_history.h"

#include <catch2/catch.hpp>

#include <map>
#include <set>

namespace powercut::test {
namespace {

constexpr std::uint64_t kSector = 512;

ByteRange sectors(std::uint64_t first, std::uint64_t count) {
  return {first * kSector, (first + count) * kSector};
}

std::vector<ByteRange> list_of(const RangeSet& set) {
  return {set.ranges().begin(), set.ranges().end()};
}

// A history as a recording, which keeps the timeline alive.
std::shared_ptr<const Recording> recorded(const History& history) {
  return value_or_throw(Recording::make(history.log(), {}));
}

// The sectors that a history's requests on device 0 cover, each with how many submitted
// in [from, to) cover it: the rule said a second time.
std::map<std::uint64_t, std::size_t> covered(const History& history, Cut from, Cut to) {
  std::map<std::uint64_t, std::size_t> sectors;
  for (Cut at = from; at < to; ++at) {
    const HistoryEvent& event = history.events()[at];
    if (event.type != EventType::kSubmit || event.op == Op::kFlush ||
        event.place.device != 0) {
      continue;
    }
    for (std::uint64_t s = 0; s < event.place.sectors; ++s) {
      ++sectors[event.place.sector + s];
    }
  }
  return sectors;
}

TEST_CASE("writes, zeroes and discards belong to where they were submitted",
          "[replay][changes]") {
  History history(2, 64);
  history.write({0, 2}, 'a');
  const Cut from = history.now();
  history.write({4, 2}, 'b');
  history.discard({10, 4});
  const Request zeroes = history.submit_zeroes({20, 1});
  history.write({0, 4, 1}, 'c');
  history.flush();
  const Cut to = history.now();
  history.complete(zeroes);
  history.write({30, 2}, 'd');
  const std::shared_ptr<const Recording> recording = recorded(history);
  const ChangedBlocks changed = changed_blocks(recording->timeline(), 0, from, to);
  CHECK(list_of(changed.ranges) ==
        std::vector<ByteRange>{sectors(4, 2), sectors(10, 4), sectors(20, 1)});
  REQUIRE(changed.entries.size() == 3);
  CHECK(changed.entries[0].seq == from);
  CHECK(changed.entries[1].op == Op::kDiscard);
  CHECK(changed.entries[2].op == Op::kWriteZeroes);
  CHECK(changed.in_flight_before == 0);
  CHECK(list_of(changed_blocks(recording->timeline(), 1, from, to).ranges) ==
        std::vector<ByteRange>{sectors(0, 4)});
  CHECK(changed_blocks(recording->timeline(), 0, to, to).ranges.empty());
}

TEST_CASE("a write that failed or never completed counts, whole and once",
          "[replay][changes]") {
  History history(1, 64);
  const Request failing = history.submit({0, 8}, 'a');
  history.submit({16, 8}, 'b');
  history.complete(failing, 5);
  const std::shared_ptr<const Recording> recording = recorded(history);
  const ChangedBlocks changed =
      changed_blocks(recording->timeline(), 0, 0, recording->timeline().end());
  REQUIRE(changed.entries.size() == 2);
  CHECK(changed.entries[0].range == sectors(0, 8));
  CHECK((changed.entries[0].failed && !changed.entries[0].unfinished));
  CHECK((!changed.entries[1].failed && changed.entries[1].unfinished));
  CHECK(changed.ranges.total_bytes() == 16 * kSector);
}

TEST_CASE("what was in flight when the interval began is counted apart",
          "[replay][changes]") {
  History history(1, 64);
  const Request early = history.submit({0, 1}, 'a');
  history.submit({1, 1}, 'b');
  history.write({2, 1}, 'c');
  const Cut from = history.now();
  history.write({3, 1}, 'd');
  history.complete(early);
  const std::shared_ptr<const Recording> recording = recorded(history);
  const ChangedBlocks changed =
      changed_blocks(recording->timeline(), 0, from, recording->timeline().end());
  CHECK(list_of(changed.ranges) == std::vector<ByteRange>{sectors(3, 1)});
  CHECK(changed.in_flight_before == 2);
}

TEST_CASE("a missed range is told with its entries in order of submission",
          "[replay][changes]") {
  History history(1, 64);
  history.write({0, 4}, 'a');
  history.write({2, 4}, 'b');
  history.write({8, 2}, 'c');
  const std::shared_ptr<const Recording> recording = recorded(history);
  const ChangedBlocks changed =
      changed_blocks(recording->timeline(), 0, 0, recording->timeline().end());
  const RangeSet listed({sectors(0, 1), sectors(4, 1), sectors(20, 3)});
  const ChangeAudit audit = audit_changes(changed, listed, RangeSet({sectors(9, 1)}));
  REQUIRE(audit.missed.size() == 3);
  CHECK(audit.missed[0].range == sectors(1, 3));
  CHECK(audit.missed[0].entries == std::vector<std::size_t>{0, 1});
  CHECK(audit.missed[1].range == sectors(5, 1));
  CHECK(audit.missed[1].entries == std::vector<std::size_t>{1});
  CHECK(audit.missed[2].range == sectors(8, 1));
  CHECK(audit.missed_bytes == 5 * kSector);
  CHECK(audit.unwritten_bytes == 3 * kSector);
  REQUIRE(audit.entries.size() == 3);
  CHECK(list_of(audit.entries[1].missed) ==
        std::vector<ByteRange>{sectors(2, 2), sectors(5, 1)});
}

TEST_CASE("a list made from a log misses nothing, and any sector taken out is found",
          "[replay][changes]") {
  std::size_t taken_out = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    const History history = random_history(
        random, {.devices = 2, .sectors = 24, .most_sectors = 6, .writes = 8});
    const std::shared_ptr<const Recording> recording = recorded(history);
    const Cut to = static_cast<Cut>(random.below(history.now() + 1));
    const Cut from = static_cast<Cut>(random.below(to + 1));
    const ChangedBlocks changed = changed_blocks(recording->timeline(), 0, from, to);
    const std::map<std::uint64_t, std::size_t> expected = covered(history, from, to);
    std::vector<ByteRange> all;
    all.reserve(expected.size());
    for (const std::pair<const std::uint64_t, std::size_t>& sector : expected) {
      all.push_back(sectors(sector.first, 1));
    }
    const RangeSet complete(all);
    REQUIRE(changed.ranges == complete);
    REQUIRE(audit_changes(changed, complete, {}).missed.empty());
    for (const std::pair<const std::uint64_t, std::size_t>& sector : expected) {
      const RangeSet hole({sectors(sector.first, 1)});
      const ChangeAudit audit = audit_changes(changed, complete.without(hole), {});
      REQUIRE(audit.missed.size() == 1);
      REQUIRE(audit.missed[0].range == hole.ranges()[0]);
      REQUIRE(audit.entries.size() == sector.second);
      REQUIRE(audit_changes(changed, complete.without(hole), hole).missed.empty());
      ++taken_out;
    }
  }
  CHECK(taken_out > 1000);
}

}  // namespace
}  // namespace powercut::test
