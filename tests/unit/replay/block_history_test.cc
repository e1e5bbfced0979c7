// SPDX-License-Identifier: GPL-2.0-only

#include "replay/block_history.h"

#include "replay/state_difference.h"
#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

#include <algorithm>

namespace powercut::test {
namespace {

std::vector<std::uint64_t> numbers(const Recording& recording,
                                   const std::vector<BlockWrite>& writes) {
  std::vector<std::uint64_t> result;
  for (const BlockWrite& one : writes) {
    result.push_back(recording.timeline().seq_of(recording.timeline().write(one.write)));
  }
  return result;
}

History some_history() {
  History history(2, 8);
  history.write({0, 8}, 'a');     // 0, 1
  history.flush();                // 2, 3
  history.write({1}, 'b');        // 4, 5
  history.write({1, 1, 1}, 'o');  // 6, 7: the other device
  history.write({3}, 'c');        // 8, 9
  history.discard({1});           // 10, 11
  return history;
}

TEST_CASE("the history of a block is every write over it", "[replay][block_history]") {
  const auto recording = recorded(some_history());
  using Numbers = std::vector<std::uint64_t>;
  CHECK(numbers(*recording, writes_over(*recording, 0, 512, 512)) == Numbers{0, 4, 10});
  CHECK(numbers(*recording, writes_over(*recording, 0, 0, 2048)) == Numbers{0, 4, 8, 10});
  CHECK(numbers(*recording, writes_over(*recording, 0, 2048, 512)) == Numbers{0});
  CHECK(numbers(*recording, writes_over(*recording, 1, 512, 512)) == Numbers{6});
  const std::vector<BlockWrite> whole = writes_over(*recording, 0, 0, 1024);
  CHECK(whole[0].range == ByteRange{0, 1024});
  CHECK(whole[1].range == ByteRange{512, 1024});
  CHECK(whole[0].digest != whole[1].digest);
  CHECK(whole[2].digest == "zeros");
}

TEST_CASE("a state shows the writes that it has", "[replay][block_history]") {
  const auto recording = recorded(some_history());
  CrashModel model;
  model.atomic_bytes = 512;
  const auto space = space_at(recording, model, 10);  // before the discard
  const BlockContent most = content_in(most_state(space), 0, 0, 4096);
  CHECK(most.writes == std::vector<WriteIndex>{0, 1, 3});
  CHECK_FALSE(most.base);
  const BlockContent least = content_in(least_state(space), 0, 0, 4096);
  CHECK(least.writes == std::vector<WriteIndex>{0});
  CHECK(least.digest != most.digest);
  CHECK(content_in(least_state(space), 0, 0, 512).digest ==
        content_in(most_state(space), 0, 0, 512).digest);
  const BlockContent other = content_in(least_state(space), 1, 0, 4096);
  CHECK(other.writes.empty());
  CHECK(other.base);
  CHECK(other.digest == "zeros");
}

// Every pair of states of every pair of cuts, against reading the whole disk.
TEST_CASE("states differ in the blocks in which they do", "[replay][state_difference]") {
  const auto recording = recorded(some_history());
  CrashModel model;
  model.atomic_bytes = 512;
  const auto when = durability(*recording, model);
  std::vector<CrashState> states;
  for (Cut cut = 0; cut <= recording->timeline().end(); ++cut) {
    for_each_state(space_at(recording, model, cut),
                   [&](const CrashState& state) { states.push_back(state); });
  }
  std::size_t different = 0;
  for (const CrashState& a : states) {
    for (const CrashState& b : states) {
      const std::string letters_a = letters_of(a).substr(0, 8);
      const std::string letters_b = letters_of(b).substr(0, 8);
      std::vector<ByteRange> expected;
      for (std::uint64_t sector = 0; sector < 8; ++sector) {
        if (letters_a[sector] != letters_b[sector]) {
          expected.push_back({sector * 512, sector * 512 + 512});
        }
      }
      const RangeSet found = differing_blocks(a, b, *when, 0, 512);
      CHECK(found == RangeSet(expected));
      different += found.empty() ? 0 : 1;
    }
  }
  CHECK(different > 100);
}

TEST_CASE("differences are whole blocks, and can be stopped",
          "[replay][state_difference]") {
  const auto recording = recorded(some_history());
  CrashModel model;
  model.atomic_bytes = 512;
  const auto when = durability(*recording, model);
  const CrashState a = most_state(space_at(recording, model, 4));
  const CrashState b = most_state(space_at(recording, model, 10));
  CHECK(differing_blocks(a, b, *when, 0, 1024) == RangeSet({{0, 2048}}));
  CHECK(differing_blocks(a, b, *when, 0, 512, [] { return true; }).empty());
}

}  // namespace
}  // namespace powercut::test
