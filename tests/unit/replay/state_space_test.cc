// SPDX-License-Identifier: GPL-2.0-only
//
// What the bytes can be: overlapping writes, atomic units, and the count of it all.

#include "replay/state_space.h"

#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

using States = std::set<std::string>;

CrashModel atomic(std::uint32_t bytes) {
  CrashModel model;
  model.atomic_bytes = bytes;
  return model;
}

BigCount count_at(const History& history, const CrashModel& model, Cut cut) {
  return space_at(recorded(history), model, cut)->state_count();
}

std::size_t variables_at(const History& history, const CrashModel& model, Cut cut) {
  return space_at(recorded(history), model, cut)->variable_count();
}

TEST_CASE("nothing happened: one state, no variables", "[replay][state_space]") {
  const History history(1, 2);
  CHECK(count_at(history, {}, 0) == 1);
  CHECK(variables_at(history, {}, 0) == 0);
  CHECK(states_at(history, {}, 0) == States{".."});
}

TEST_CASE("of two ordered writes over one place the later one wins if it is there",
          "[replay][state_space]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.write({0}, 'b');
  CHECK(states_at(history, {}, history.now()) == States{".", "a", "b"});
  CHECK(count_at(history, {}, history.now()) == 4);
}

TEST_CASE("a pending write older than a durable one cannot win",
          "[replay][state_space]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.write({0}, 'b', true);
  CHECK(states_at(history, {}, history.now()) == States{"b"});
  CHECK(variables_at(history, {}, history.now()) == 0);
}

TEST_CASE("a pending write shows beside a smaller durable one that came after it",
          "[replay][state_space]") {
  History history(1, 2);
  history.write({0, 2}, 'a');
  history.write({0}, 'b', true);
  CHECK(states_at(history, {}, history.now()) == States{"b.", "ba"});
  CHECK(count_at(history, {}, history.now()) == 2);
}

TEST_CASE("overlapping writes in flight together land in either order",
          "[replay][state_space]") {
  History history(1, 1);
  const Request a = history.submit({0}, 'a');
  history.write({0}, 'b');
  history.complete(a);
  CHECK(states_at(history, {}, history.now()) == States{".", "a", "b"});
  // None, a, b, a then b, b then a.
  CHECK(count_at(history, {}, history.now()) == 5);
  history.flush();
  CHECK(states_at(history, {}, history.now()) == States{"a", "b"});
  CHECK(count_at(history, {}, history.now()) == 2);
}

TEST_CASE("two whole writes in flight together have one order everywhere",
          "[replay][state_space]") {
  History history(1, 2);
  const Request a = history.submit({0, 2}, 'a');
  history.write({0, 2}, 'b');
  history.complete(a);
  history.flush();
  CHECK(states_at(history, {}, history.now()) == States{"aa", "bb"});
  CHECK(states_at(history, atomic(512), history.now()) == States{"aa", "ab", "ba", "bb"});
}

TEST_CASE("writes in flight together that meet nowhere are independent",
          "[replay][state_space]") {
  History history(1, 2);
  const Request a = history.submit({0}, 'a');
  history.write({1}, 'b');
  history.complete(a);
  CHECK(count_at(history, {}, history.now()) == 4);
  CHECK(variables_at(history, {}, history.now()) == 2);
}

TEST_CASE("three writes in flight together over one place: sixteen ways",
          "[replay][state_space]") {
  History history(1, 1);
  for (const char letter : {'a', 'b', 'c'}) {
    history.submit({0}, letter);
  }
  // 1 + 3 + 3 * 2 + 6 subsets in their orders.
  CHECK(count_at(history, {}, history.now()) == 16);
  CHECK(states_at(history, {}, history.now()) == States{".", "a", "b", "c"});
}

TEST_CASE("too many writes in flight over one place are refused with a way out",
          "[replay][state_space]") {
  History history(1, 1);
  for (int i = 0; i < 12; ++i) {
    history.submit({0}, static_cast<char>('a' + i));
  }
  const auto recording = recorded(history);
  const auto space =
      StateSpace::build(recording, durability(*recording, {}), history.now());
  REQUIRE_FALSE(space);
  CHECK(space.error().hint.find("--atomic") != std::string::npos);
  CHECK(states_at(recording, atomic(512), history.now()).size() == 13);
}

TEST_CASE("atomic units of one write stand or fall alone", "[replay][state_space]") {
  History history(1, 3);
  history.write({0, 3}, 'a');
  CHECK(states_at(history, {}, history.now()) == States{"...", "aaa"});
  CHECK(count_at(history, atomic(512), history.now()) == 8);
  CHECK(states_at(history, atomic(512), history.now()).size() == 8);
}

TEST_CASE("a unit larger than its writes holds every mixture of them",
          "[replay][state_space]") {
  History history(1, 8);
  history.write({0, 2}, 'a');
  history.write({2, 2}, 'b');
  history.write({0, 4}, 'c');
  // Per unit of 4096: the subsets of a and b, and c over all that.
  CHECK(states_at(history, atomic(4096), history.now()) ==
        States{"........", "aa......", "..bb....", "aabb....", "cccc...."});
  CHECK(count_at(history, atomic(4096), history.now()) == 5);
}

TEST_CASE("a durable write of part of a unit stays under pending ones",
          "[replay][state_space]") {
  History history(1, 8);
  history.write({0, 2}, 'a');
  history.flush();
  history.write({1, 2}, 'b');
  CHECK(states_at(history, atomic(4096), history.now()) ==
        States{"aa......", "abb....."});
}

TEST_CASE("a unit of mixed durable writes is one state and can be read",
          "[replay][state_space]") {
  History history(1, 8);
  history.write({0, 2}, 'a');
  history.write({2, 2}, 'b');
  history.flush();
  CHECK(count_at(history, atomic(4096), history.now()) == 1);
  CHECK(states_at(history, atomic(4096), history.now()) == States{"aabb...."});
}

TEST_CASE("under corrupt, a unit of durable writes only is never garbage",
          "[replay][state_space]") {
  History history(1, 16);
  history.write({0, 2}, 'a');
  history.flush();
  history.write({8, 2}, 'b');
  CrashModel model = atomic(4096);
  model.fault = value_or_throw(parse_fault("corrupt"));
  const auto space = space_at(recorded(history), model, history.now());
  CHECK(letters_of(most_state(space)) == "aa......bb......");
  CHECK(letters_of(least_state(space)) == "aa..............");
  CHECK(space->state_count() == 3);
}

TEST_CASE("the number of states is exact beyond 64 bits", "[replay][state_space]") {
  History history(1, 100);
  for (std::uint64_t i = 0; i < 100; ++i) {
    history.write({i}, 'a');
  }
  CHECK(count_at(history, {}, history.now()) == BigCount(1) << 100);
}

TEST_CASE("the linear space is one state without the writes left out",
          "[replay][state_space]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.write({1}, 'b');
  history.submit({0}, 'c');
  const auto space = StateSpace::linear(recorded(history), history.now(), {1});
  CHECK(space->state_count() == 1);
  CHECK(letters_of(most_state(space)) == "a.");
}

TEST_CASE("a unit's question is the same after it was forgotten",
          "[replay][state_space]") {
  History history(1, 1);
  history.write({0}, 'a');
  const auto space = space_at(recorded(history), {}, history.now());
  const std::vector<std::uint32_t> kept = {1};
  const Version before = space->version_at(0, kept);
  space->trim();
  CHECK(space->version_at(0, kept) == before);
  REQUIRE(space->look(0).question != nullptr);
  CHECK(space->look(0).question->kind == UnitQuestion::Kind::kChain);
}

}  // namespace
}  // namespace powercut::test
