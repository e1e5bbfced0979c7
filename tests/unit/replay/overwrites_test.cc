// SPDX-License-Identifier: GPL-2.0-only
//
// Entries of a log that touch extents which nothing may write to.

#include "replay/overwrites.h"

#include "replay/recording.h"
#include "tests/support/random_history.h"

#include <catch2/catch.hpp>

#include <set>
#include <tuple>

namespace powercut::test {
namespace {

constexpr std::uint64_t kSector = 512;

ByteRange sectors(std::uint64_t first, std::uint64_t count) {
  return {first * kSector, (first + count) * kSector};
}

std::shared_ptr<const Recording> recorded(const History& history) {
  return value_or_throw(Recording::make(history.log(), {}));
}

OverwriteAudit audit_of(const Recording& recording, Cut from, Cut to,
                        const std::vector<KeptExtent>& extents) {
  return find_overwrites(recording.timeline(),
                         changed_blocks(recording.timeline(), 0, from, to), extents);
}

std::string refusal(const std::string& text) {
  const Result<std::vector<KeptExtent>> extents = parse_extents(text, "list", 64 << 10);
  REQUIRE_FALSE(extents);
  CHECK(extents.error().kind == ErrorKind::kBadInput);
  return extents.error().message;
}

TEST_CASE("writes, zeroes and discards that touch an extent are found, and no others",
          "[replay][overwrites]") {
  History history(2, 64);
  history.write({8, 8}, 'a');  // before
  const Cut from = history.now();
  history.write({0, 8}, 'b');   // right before the extent
  history.write({16, 8}, 'c');  // right behind
  history.write({8, 8, 1}, 'd');
  const Cut first = history.now();
  history.write({15, 4}, 'e');
  history.discard({0, 64});
  history.submit_zeroes({8, 1});
  const Cut to = history.now();
  history.write({10, 1}, 'f');  // behind
  const std::shared_ptr<const Recording> recording = recorded(history);
  const std::vector<KeptExtent> extents = {{sectors(8, 8), "image", 4096}};
  CHECK(audit_of(*recording, from, first, extents).overwrites.empty());
  const OverwriteAudit audit = audit_of(*recording, from, to, extents);
  REQUIRE(audit.overwrites.size() == 3);
  CHECK(audit.overwrites[0].entry.seq == first);
  REQUIRE(audit.overwrites[0].parts.size() == 1);
  CHECK(audit.overwrites[0].parts[0].extent == 0);
  CHECK(audit.overwrites[0].parts[0].range == sectors(15, 1));
  CHECK(audit.overwrites[1].entry.op == Op::kDiscard);
  CHECK(audit.overwrites[1].parts[0].range == sectors(8, 8));
  CHECK(audit.overwrites[2].entry.op == Op::kWriteZeroes);
  CHECK(audit.overwrites[2].entry.unfinished);
  CHECK(audit.overwritten == RangeSet({sectors(8, 8)}));
  CHECK(audit.kept.total_bytes() == 8 * kSector);
}

TEST_CASE("of extents that overlap each is told", "[replay][overwrites]") {
  History history(1, 64);
  history.write({10, 2}, 'a');
  const std::shared_ptr<const Recording> recording = recorded(history);
  // A long one that begins first, and what lies within and behind.
  const OverwriteAudit audit = audit_of(*recording, 0, recording->timeline().end(),
                                        {{sectors(11, 4), "copy", 0},
                                         {sectors(2, 1), "other", {}},
                                         {sectors(0, 40), "image", 512},
                                         {sectors(12, 4), "behind", {}}});
  REQUIRE(audit.overwrites.size() == 1);
  REQUIRE(audit.overwrites[0].parts.size() == 2);
  CHECK(audit.overwrites[0].parts[0].extent == 0);
  CHECK(audit.overwrites[0].parts[0].range == sectors(11, 1));
  CHECK(audit.overwrites[0].parts[1].extent == 2);
  CHECK(audit.overwrites[0].parts[1].range == sectors(10, 2));
  CHECK(audit.overwritten.total_bytes() == 2 * kSector);
}

TEST_CASE("what overwrites is what a search of all pairs finds", "[replay][overwrites]") {
  std::size_t found = 0;
  std::size_t silent = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    const History history = random_history(
        random, {.devices = 2, .sectors = 48, .most_sectors = 6, .writes = 8});
    std::vector<KeptExtent> extents;
    for (std::uint64_t i = random.below(6); i > 0; --i) {
      const std::uint64_t begin = random.below(40);
      extents.push_back({sectors(begin, 1 + random.below(8)), "", {}});
    }
    const std::shared_ptr<const Recording> recording = recorded(history);
    const Cut to = static_cast<Cut>(random.below(history.now() + 1));
    const Cut from = static_cast<Cut>(random.below(to + 1));
    std::set<std::tuple<Cut, std::size_t, std::uint64_t>> expected;
    for (Cut at = from; at < to; ++at) {
      const HistoryEvent& event = history.events()[at];
      if (event.type != EventType::kSubmit || event.op == Op::kFlush ||
          event.place.device != 0) {
        continue;
      }
      for (std::size_t i = 0; i < extents.size(); ++i) {
        for (std::uint64_t s = 0; s < event.place.sectors; ++s) {
          const std::uint64_t byte = (event.place.sector + s) * kSector;
          if (byte >= extents[i].range.begin && byte < extents[i].range.end) {
            expected.emplace(at, i, byte);
          }
        }
      }
    }
    std::set<std::tuple<Cut, std::size_t, std::uint64_t>> got;
    for (const Overwrite& overwrite :
         audit_of(*recording, from, to, extents).overwrites) {
      for (const OverwrittenPart& part : overwrite.parts) {
        for (std::uint64_t at = part.range.begin; at < part.range.end; at += kSector) {
          got.emplace(static_cast<Cut>(overwrite.entry.seq), part.extent, at);
        }
      }
    }
    REQUIRE(got == expected);
    (got.empty() ? silent : found) += 1;
  }
  CHECK(found > 50);
  CHECK(silent > 20);
}

TEST_CASE("a list of extents is read strictly", "[replay][overwrites]") {
  const std::vector<KeptExtent> extents = value_or_throw(parse_extents(
      "# shared\n\n8K 4096 image 128K  # the first\n0 512\n1K 1K a\n", "list", 64 << 10));
  REQUIRE(extents.size() == 3);
  CHECK(extents[0].range == ByteRange{8192, 12288});
  CHECK(extents[0].name == "image");
  CHECK(extents[0].file_offset_bytes == std::uint64_t{128} << 10);
  CHECK((extents[1].name.empty() && !extents[1].file_offset_bytes));
  CHECK((extents[2].name == "a" && !extents[2].file_offset_bytes));
  CHECK(parse_extents("# nothing\n", "list", 0)->empty());
  CHECK(refusal("4096\n") == "list:1: 1 words, not two to four");
  CHECK(refusal("0 1 a 2 3\n") == "list:1: 5 words, not two to four");
  CHECK(refusal("0 4K\nx 4K\n") == "list:2: 'x' is no size");
  CHECK(refusal("0 4K a b\n") == "list:1: 'b' is no size");
  CHECK(refusal("0 0\n") == "list:1: an extent of 0 bytes");
  CHECK(refusal("60K 8K\n") ==
        "list:1: the extent 61440+8192 reaches beyond the end of the device");
  CHECK(refusal("4K 18446744073709551615\n").find("beyond") != std::string::npos);
}

TEST_CASE("an overwrite says when it came, from the first event on",
          "[replay][overwrites]") {
  History history(1, 64);
  history.mark("begin");
  history.write({0, 1}, 'a');
  const std::shared_ptr<const Recording> recording = recorded(history);
  const OverwriteAudit audit = audit_of(*recording, 0, recording->timeline().end(),
                                        {{sectors(0, 1), "image", {}}});
  REQUIRE(audit.overwrites.size() == 1);
  std::vector<std::uint64_t> clocks;
  recording->log().visit([&](const Event& event) {
    clocks.push_back(event.time_ns);
    return Visit::kContinue;
  });
  if (clocks[0] == 0) {
    CHECK_FALSE(audit.overwrites[0].time_ns);
  } else {
    CHECK(audit.overwrites[0].time_ns == clocks[1] - clocks[0]);
  }
}

}  // namespace
}  // namespace powercut::test
