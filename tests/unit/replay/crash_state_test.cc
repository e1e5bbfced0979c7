// SPDX-License-Identifier: GPL-2.0-only
//
// Ids of states: they can be typed, and they lead back to the same state.

#include "replay/crash_state.h"

#include "tests/support/brute_force.h"
#include "tests/support/random_history.h"

#include <catch2/catch.hpp>

#include <cerrno>

namespace powercut::test {
namespace {

using SharedSpace = std::shared_ptr<const StateSpace>;

CrashModel model_of(std::uint32_t atomic_bytes, const std::string& fault = "none") {
  CrashModel model;
  model.atomic_bytes = atomic_bytes;
  model.fault = value_or_throw(parse_fault(fault));
  return model;
}

SharedSpace space_of(const History& history, const CrashModel& model = {}) {
  return space_at(recorded(history), model, history.now());
}

std::set<std::string> ids_of(const SharedSpace& space) {
  std::set<std::string> ids;
  for_each_state(space, [&](const CrashState& state) { ids.insert(state.id()); });
  return ids;
}

// Every id leads back to its options, and no two states share one.
void check_round_trip(const SharedSpace& space) {
  std::set<std::string> ids;
  for_each_state(space, [&](const CrashState& state) {
    const std::string id = state.id();
    INFO(id);
    const auto back = state_from_id(space, id);
    REQUIRE(back);
    REQUIRE(back->options == state.options);
    REQUIRE(ids.insert(id).second);
    const StateIdHead head = value_or_throw(parse_state_head(id, space->cut()));
    REQUIRE(head.cut == space->cut());
    REQUIRE(head.atomic_bytes == space->model().atomic_bytes);
  });
}

TEST_CASE("ids of whole writes name what is lost or kept", "[replay][crash_state]") {
  History history(1, 3);
  for (std::uint64_t i = 0; i < 3; ++i) {
    history.write({i}, 'a');
  }
  const SharedSpace space = space_of(history);
  CHECK(most_state(space).id() == "c6.w.all");
  CHECK(least_state(space).id() == "c6.w.none");
  CHECK(CrashState{space, {1, 0, 1}}.id() == "c6.w.all-2");
  CHECK(CrashState{space, {0, 1, 0}}.id() == "c6.w.none+2");
  check_round_trip(space);
}

TEST_CASE("ids of units name the write that a unit is as of", "[replay][crash_state]") {
  History history(1, 2);
  history.write({0, 2}, 'a');
  history.write({1}, 'b');
  const SharedSpace space = space_of(history, model_of(512));
  CHECK(ids_of(space) == std::set<std::string>{"c4.512.all", "c4.512.all:d0u0=base",
                                               "c4.512.all:d0u1=0",
                                               "c4.512.all:d0u1=base", "c4.512.none",
                                               "c4.512.none:d0u1=0"});
  check_round_trip(space);
}

TEST_CASE("ids of mixed units name a version by its number", "[replay][crash_state]") {
  History history(1, 8);
  history.write({0}, 'a');
  history.write({1}, 'b');
  history.write({2}, 'c');
  const SharedSpace space = space_of(history, model_of(4096));
  CHECK(ids_of(space).contains("c6.4096.all:d0u0=v3"));
  check_round_trip(space);
}

TEST_CASE("ids of writes in flight together name the option", "[replay][crash_state]") {
  History history(1, 2);
  history.submit({1}, 'x');
  history.submit({0}, 'a');
  history.submit({0}, 'b');
  const SharedSpace space = space_of(history);
  CHECK(ids_of(space).contains("c3.w.all:o1=2"));
  CHECK(ids_of(space).contains("c3.w.none:o1=2"));
  check_round_trip(space);
}

TEST_CASE("ids of failed and of changed writes name the piece", "[replay][crash_state]") {
  History history(1, 4);
  history.complete(history.submit({0, 2}, 'a'), EIO);
  history.complete_unstable(history.submit({2, 2}, 'b'), 'c');
  CHECK(ids_of(space_of(history)).contains("c4.w.all-0#2"));
  check_round_trip(space_of(history));
  check_round_trip(space_of(history, model_of(512)));
}

TEST_CASE("ids under the corrupt fault name garbage", "[replay][crash_state]") {
  History history(1, 2);
  history.write({0, 2}, 'a');
  const SharedSpace whole = space_of(history, model_of(0, "corrupt"));
  CHECK(ids_of(whole) == std::set<std::string>{"c2.w.all", "c2.w.none", "c2.w.all~0"});
  const SharedSpace units = space_of(history, model_of(512, "corrupt"));
  CHECK(ids_of(units).contains("c2.512.all:d0u1=garbage"));
  check_round_trip(whole);
  check_round_trip(units);
}

TEST_CASE("ids of several devices name the device", "[replay][crash_state]") {
  History history(2, 1);
  history.write({0, 1, 0}, 'a');
  history.write({0, 1, 1}, 'b');
  const SharedSpace space = space_of(history, model_of(512));
  CHECK(ids_of(space).contains("c4.512.all:d1u0=base"));
  check_round_trip(space);
}

TEST_CASE("ids of random histories round-trip", "[replay][crash_state]") {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    Random random(seed);
    const History history =
        random_history(random, {.devices = 2, .sectors = 8, .writes = 4});
    CrashModel model = model_of(seed % 3 == 0   ? 0
                                : seed % 3 == 1 ? 512
                                                : 4096,
                                seed % 2 == 0 ? "none" : "corrupt");
    const auto recording = recorded(history);
    const auto space =
        StateSpace::build(recording, durability(*recording, model), history.now());
    INFO("seed " << seed);
    if (space && (*space)->state_count() < 500) {
      check_round_trip(*space);
    }
  }
}

TEST_CASE("what is no id of the space is refused", "[replay][crash_state]") {
  History history(1, 2);
  history.write({0}, 'a');
  const SharedSpace space = space_of(history);
  for (const char* id : {"",
                         "c",
                         "c2",
                         "c2.",
                         "c2.w",
                         "c2.w.",
                         "c2.w.some",
                         "c2.w.all-",
                         "c2.w.all-7",
                         "c2.w.all+0x",
                         "c2.w.all~0",
                         "c2.w.all-0#2",
                         "c2.w.all:o0=1",
                         "c2.w.all:d0u0=0",
                         "c2.w.all:d0u0=",
                         "c3.w.all",
                         "c2.512.all",
                         "c2.0.all",
                         "x2.w.all",
                         "c99999999999.w.all"}) {
    INFO(id);
    const auto state = state_from_id(space, id);
    REQUIRE_FALSE(state);
    CHECK(state.error().kind == ErrorKind::kUsage);
  }
}

// As numbers of a unit's key or of its bytes all of these would wrap around to one that
// is there.
TEST_CASE("a unit beyond the disks is no unit of the space", "[replay][crash_state]") {
  History history(2, 2);
  history.write({0}, 'a');
  history.write({.sector = 0, .device = 1}, 'b');
  const SharedSpace space = space_of(history, model_of(512));
  for (const char* id : {"c4.512.all:d0u0=base", "c4.512.all:d1u0=base"}) {
    INFO(id);
    CHECK(state_from_id(space, id));
  }
  for (const char* id :
       {"c4.512.all:d2u0=base", "c4.512.all:d256u0=base", "c4.512.all:d0u2=base",
        "c4.512.all:d0u36028797018963968=base", "c4.512.all:d0u72057594037927936=base"}) {
    INFO(id);
    const auto state = state_from_id(space, id);
    REQUIRE_FALSE(state);
    CHECK(state.error().kind == ErrorKind::kUsage);
  }
}

TEST_CASE("random states come from the seed", "[replay][crash_state]") {
  History history(1, 16);
  for (std::uint64_t i = 0; i < 16; ++i) {
    history.write({i}, 'a');
  }
  const SharedSpace space = space_of(history);
  Random one(7);
  Random same(7);
  CHECK(random_state(space, one).id() == random_state(space, same).id());
  CHECK(random_state(space, one).id() != most_state(space).id());
}

}  // namespace
}  // namespace powercut::test
