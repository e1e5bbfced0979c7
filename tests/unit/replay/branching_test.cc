// SPDX-License-Identifier: GPL-2.0-only
//
// The arithmetic of sets of states: a question divides a set into parts that are
// disjoint, add up, and say what the content is.

#include "replay/branching.h"

#include "tests/support/brute_force.h"
#include "tests/support/random_history.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

using SharedSpace = std::shared_ptr<const StateSpace>;

bool in_set(const StateSet& set, std::span<const std::uint32_t> options) {
  for (const Constraint& constraint : set.constraints()) {
    if (!constraint.allowed.has(options[constraint.variable])) {
      return false;
    }
  }
  return true;
}

bool in_cube(const Cube& cube, std::span<const std::uint32_t> options) {
  for (const Constraint& constraint : cube.constraints) {
    if (!constraint.allowed.has(options[constraint.variable])) {
      return false;
    }
  }
  return true;
}

// Divides `set` by a unit and checks the parts against every state; returns them.
std::vector<Cube> checked_cubes(const SharedSpace& space, SpaceContents& contents,
                                UnitKey unit, const StateSet& set) {
  ContentId forced = 0;
  const UnitContents* details = nullptr;
  if (contents.forced(unit, forced, details)) {
    return {};
  }
  std::vector<Cube> cubes = divide(*space, contents, unit, *details, set);
  for_each_state(space, [&](const CrashState& state) {
    std::size_t parts = 0;
    for (const Cube& cube : cubes) {
      if (in_set(set, state.options) && in_cube(cube, state.options)) {
        ++parts;
        REQUIRE(cube.content == contents.content_under(unit, state.options));
      }
    }
    REQUIRE(parts == (in_set(set, state.options) ? 1 : 0));
  });
  return cubes;
}

SharedSpace random_space(std::uint64_t seed) {
  Random random(seed);
  const History history = random_history(random, {});
  CrashModel model;
  model.atomic_bytes = seed % 3 == 0 ? 512 : seed % 3 == 1 ? 1024 : 0;
  model.fault = value_or_throw(parse_fault(seed % 2 == 0 ? "none" : "corrupt"));
  const auto recording = recorded(history);
  auto space = StateSpace::build(recording, durability(*recording, model), history.now());
  return space && (*space)->state_count() < 400 ? *space : nullptr;
}

TEST_CASE("a question divides any set into disjoint parts that make it up",
          "[replay][branching]") {
  std::size_t divisions = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    const SharedSpace space = random_space(seed);
    if (space == nullptr) {
      continue;
    }
    INFO("seed " << seed);
    Random random(seed);
    ContentTable table;
    SpaceContents contents(*space, table);
    StateSet set(*space);
    for (UnitKey unit = 0; unit < 2048 / space->unit_bytes(); ++unit) {
      const std::vector<Cube> cubes = checked_cubes(space, contents, unit, set);
      if (!cubes.empty()) {
        ++divisions;
        const Cube& chosen = cubes[random.below(cubes.size())];
        for (const Constraint& constraint : chosen.constraints) {
          set.narrow(constraint);
        }
      }
    }
  }
  CHECK(divisions > 100);
}

TEST_CASE("a long chain with two writes in flight at its end divides into few parts",
          "[replay][branching]") {
  constexpr std::size_t kChain = 26;
  History history;
  for (std::size_t i = 0; i < kChain; ++i) {
    history.write({0}, static_cast<char>('a' + i));
  }
  const Request one = history.submit({0}, 'y');
  const Request other = history.submit({0}, 'z');
  history.complete(one);
  history.complete(other);
  CrashModel model;
  model.atomic_bytes = 0;
  const SharedSpace space = space_at(recorded(history), model, history.now());
  ContentTable table;
  SpaceContents contents(*space, table);
  const StateSet all(*space);
  ContentId forced = 0;
  const UnitContents* details = nullptr;
  REQUIRE_FALSE(contents.forced(0, forced, details));
  const std::vector<Cube> cubes = divide(*space, contents, 0, *details, all);
  // Five landings of the last two: in four one of them is on top, in one the chain is.
  CHECK(cubes.size() == 4 + kChain + 1);
  BigCount states = 0;
  for (const Cube& cube : cubes) {
    StateSet part(*space);
    for (const Constraint& constraint : cube.constraints) {
      part.narrow(constraint);
    }
    states += part.count();
  }
  CHECK(states == space->state_count());
}

TEST_CASE("the count of a set is the number of its states", "[replay][branching]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const SharedSpace space = random_space(seed);
    if (space == nullptr || space->variable_count() == 0) {
      continue;
    }
    Random random(seed);
    StateSet set(*space);
    for (int i = 0; i < 3; ++i) {
      const Variable v = static_cast<Variable>(random.below(space->variable_count()));
      const std::uint32_t option = set.allowed(v).nth(
          static_cast<std::uint32_t>(random.below(set.allowed(v).count())));
      set.narrow({v, OptionSet::only(space->option_count(v), option)});
      std::uint64_t states = 0;
      for_each_state(space, [&](const CrashState& state) {
        states += in_set(set, state.options) ? 1 : 0;
      });
      REQUIRE(set.count() == states);
      REQUIRE(in_set(set, set.nearest_extreme()));
      REQUIRE(in_set(set, set.random_member(random)));
    }
    set.clear();
    REQUIRE(set.count() == space->state_count());
  }
}

// Three writes of one sector each, all pending.
struct ThreeWrites {
  ThreeWrites() {
    History history(1, 3);
    for (std::uint64_t i = 0; i < 3; ++i) {
      history.write({i}, 'a');
    }
    space = space_at(recorded(history), {}, history.now());
  }

  void narrow(StateSet& set, Variable v, std::uint32_t option) const {
    set.narrow({v, OptionSet::only(2, option)});
  }

  SharedSpace space;
};

TEST_CASE("the nearest extreme keeps the exceptions few", "[replay][branching]") {
  const ThreeWrites writes;
  StateSet set(*writes.space);
  CHECK(set.nearest_extreme() == std::vector<std::uint32_t>{1, 1, 1});
  writes.narrow(set, 0, 0);
  CHECK(set.lost() == 1);
  CHECK(set.kept() == 0);
  CHECK(set.nearest_extreme() == std::vector<std::uint32_t>{0, 0, 0});
  writes.narrow(set, 1, 1);
  CHECK(set.nearest_extreme() == std::vector<std::uint32_t>{0, 1, 1});
}

TEST_CASE("a write of what is there already is no question", "[replay][branching]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.flush();
  history.write({0}, 'a');
  const SharedSpace space = space_at(recorded(history), {}, history.now());
  REQUIRE(space->variable_count() == 1);
  ContentTable table;
  SpaceContents contents(*space, table);
  const std::vector<Cube> cubes = checked_cubes(space, contents, 0, StateSet(*space));
  REQUIRE(cubes.size() == 1);
  CHECK(cubes[0].constraints.empty());
}

TEST_CASE("equal bytes have equal numbers, others do not", "[replay][branching]") {
  ContentTable table;
  const std::string a = sector_bytes(0, 1, 'a');
  const std::string b = sector_bytes(0, 1, 'b');
  const ContentId of_a = table.intern(std::as_bytes(std::span(a)));
  CHECK(table.intern(std::as_bytes(std::span(b))) != of_a);
  CHECK(table.intern(std::as_bytes(std::span(a))) == of_a);
  CHECK(table.size() == 2);
}

TEST_CASE("option sets of any size list their members in order", "[replay][branching]") {
  for (const std::uint32_t size : {1U, 2U, 63U, 64U, 65U, 128U, 129U, 500U}) {
    const OptionSet all = OptionSet::all(size);
    CHECK(all.count() == size);
    CHECK(all.lowest() == 0);
    CHECK(all.highest() == size - 1);
    CHECK(all.nth(size / 2) == size / 2);
    const OptionSet one = OptionSet::only(size, size - 1);
    CHECK(one.count() == 1);
    CHECK(one.has(size - 1));
    CHECK(one.lowest() == size - 1);
    CHECK((size == 1 || !one.has(size - 2)));
  }
}

}  // namespace
}  // namespace powercut::test
