// SPDX-License-Identifier: GPL-2.0-only
//
// The index against a scan of all writes: same writes, newest first, each once.

#include "replay/block_index.h"

#include "base/random.h"
#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

#include <algorithm>

namespace powercut::test {
namespace {

constexpr std::uint64_t kSectors = 1 << 14;

std::vector<WriteIndex> looked_up(const BlockIndex& index, std::uint16_t device,
                                  std::uint64_t sector, std::uint64_t sectors,
                                  WriteIndex first_after) {
  std::vector<WriteIndex> found;
  BlockIndex::Cursor cursor =
      index.covering(device, sector * 512, sectors * 512, first_after);
  for (WriteIndex i = cursor.next(); i != kNoWrite; i = cursor.next()) {
    found.push_back(i);
  }
  return found;
}

std::vector<WriteIndex> scanned(const Timeline& timeline, std::uint16_t device,
                                std::uint64_t sector, std::uint64_t sectors,
                                WriteIndex first_after) {
  std::vector<WriteIndex> found;
  for (WriteIndex i = first_after; i-- > 0;) {
    const Write& write = timeline.write(i);
    if (write.device == device && write.offset_bytes < (sector + sectors) * 512 &&
        write.end_bytes() > sector * 512) {
      found.push_back(i);
    }
  }
  return found;
}

// Writes of all lengths and alignments, many of them over the same few places.
History random_writes(Random& random, std::uint16_t devices, std::size_t count) {
  History history(devices, kSectors);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t length = 1 + random.below(std::uint64_t{1} << random.below(12));
    const std::uint64_t range = random.below(3) == 0 ? kSectors - length : 64;
    const Place place{random.below(range), length,
                      static_cast<std::uint16_t>(random.below(devices))};
    const Request request = history.submit_zeroes(place);
    if (random.below(4) != 0) {
      history.complete(request);
    }
  }
  return history;
}

TEST_CASE("a lookup finds what a scan finds, at any place and any cut",
          "[replay][block_index]") {
  Random random(11);
  const auto recording = recorded(random_writes(random, 3, 300));
  const Timeline& timeline = recording->timeline();
  const BlockIndex index(timeline);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t sectors = std::uint64_t{1} << random.below(8);
    const std::uint64_t bound =
        random.below(4) == 0 ? kSectors / sectors : 1 + 64 / sectors;
    const std::uint64_t sector = random.below(bound) * sectors;
    const std::uint16_t device = static_cast<std::uint16_t>(random.below(3));
    const WriteIndex cut =
        static_cast<WriteIndex>(random.below(timeline.writes().size() + 1));
    REQUIRE(looked_up(index, device, sector, sectors, cut) ==
            scanned(timeline, device, sector, sectors, cut));
  }
}

TEST_CASE("the cursor knows the latest completion of what is still to come",
          "[replay][block_index]") {
  Random random(12);
  const auto recording = recorded(random_writes(random, 1, 200));
  const Timeline& timeline = recording->timeline();
  const BlockIndex index(timeline);
  for (std::uint64_t sector = 0; sector < 64; ++sector) {
    std::vector<WriteIndex> rest = scanned(timeline, 0, sector, 1, 200);
    BlockIndex::Cursor cursor = index.covering(0, sector * 512, 512, 200);
    while (cursor.next() != kNoWrite) {
      rest.erase(rest.begin());
      EventPos latest = 0;
      for (const WriteIndex i : rest) {
        latest = std::max(latest, timeline.write(i).complete);
      }
      REQUIRE(cursor.latest_complete_of_rest() == latest);
    }
  }
}

TEST_CASE("a block at its own alignment is one entry, a terabyte a handful",
          "[replay][block_index]") {
  constexpr std::uint64_t kTerabyte = std::uint64_t{1} << 31;
  History history(1, 4 * kTerabyte);
  history.discard({8, 8});
  CHECK(BlockIndex(recorded(history)->timeline()).entry_count() == 1);
  history.discard({kTerabyte, kTerabyte});
  CHECK(BlockIndex(recorded(history)->timeline()).entry_count() == 2);
  history.discard({1, kTerabyte});
  CHECK(BlockIndex(recorded(history)->timeline()).entry_count() < 70);
}

TEST_CASE("devices do not see each other's writes", "[replay][block_index]") {
  History history(2, 8);
  history.write({0, 8, 1}, 'a');
  const auto recording = recorded(history);
  CHECK(looked_up(recording->index(), 0, 0, 8, 1).empty());
  CHECK(looked_up(recording->index(), 1, 0, 8, 1) == std::vector<WriteIndex>{0});
}

TEST_CASE("the last sector of the largest device is found", "[replay][block_index]") {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 48;
  History history(1, kMost);
  history.discard({0, kMost});
  history.discard({kMost - 1, 1});
  const auto recording = recorded(history);
  CHECK(looked_up(recording->index(), 0, kMost - 1, 1, 2) ==
        std::vector<WriteIndex>{1, 0});
}

}  // namespace
}  // namespace powercut::test
