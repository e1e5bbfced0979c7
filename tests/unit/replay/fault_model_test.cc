// SPDX-License-Identifier: GPL-2.0-only
//
// Devices that break a promise, each in one way.

#include "replay/crash_model.h"
#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

using States = std::set<std::string>;

CrashModel with_fault(const std::string& fault) {
  CrashModel model;
  model.fault = value_or_throw(parse_fault(fault));
  return model;
}

TEST_CASE("an ignored flush makes nothing durable, the others still do",
          "[replay][crash_model]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.flush();
  const Cut first = history.now();
  history.write({1}, 'b');
  history.flush();
  CHECK(states_at(history, with_fault("ignore-flush:1"), first) == States{"..", "a."});
  CHECK(states_at(history, with_fault("ignore-flush:1"), history.now()) == States{"ab"});
  CHECK(states_at(history, with_fault("ignore-flush:2"), history.now()) ==
        States{"a.", "ab"});
  CHECK(states_at(history, with_fault("ignore-flush:all"), history.now()) ==
        States{"..", "a.", ".b", "ab"});
}

TEST_CASE("a fault is read back as it is printed, and nonsense is refused",
          "[replay][crash_model]") {
  for (const char* text : {"none", "ignore-flush:3", "ignore-flush:all", "ignore-fua",
                           "corrupt", "lost-write:412"}) {
    CHECK(to_string(value_or_throw(parse_fault(text))) == text);
  }
  CHECK(to_string(value_or_throw(parse_fault("ignore-flush"))) == "ignore-flush:all");
  CHECK(to_string(value_or_throw(parse_fault("ignore-flush=3"))) == "ignore-flush:3");
  for (const char* text : {"", "ignore", "ignore-flush:0", "ignore-flush:x", "lost-write",
                           "corrupt:1", "ignore-fua:"}) {
    CHECK_FALSE(parse_fault(text).has_value());
  }
}

TEST_CASE("under ignore-fua a FUA write is a plain write", "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a', true);
  CHECK(states_at(history, with_fault("ignore-fua"), history.now()) == States{".", "a"});
}

TEST_CASE("a lost write is missing although it was flushed", "[replay][crash_model]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.write({1}, 'b');
  history.flush();
  CHECK(states_at(history, with_fault("lost-write:2"), history.now()) ==
        States{"a.", "ab"});
}

TEST_CASE("an ordered device loses a lost write too", "[replay][crash_model]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.write({1}, 'b');
  history.flush();
  CrashModel model = with_fault("lost-write:2");
  model.device = DeviceModel::kOrdered;
  CHECK(states_at(history, model, history.now()) == States{"a."});
}

TEST_CASE("an ordered device tears nothing, whatever the atomic unit",
          "[replay][crash_model]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.write({1}, 'b');
  CrashModel model;
  model.device = DeviceModel::kOrdered;
  model.atomic_bytes = 1024;
  CHECK(states_at(history, model, history.now()) == States{"ab"});
}

TEST_CASE("under corrupt a pending write may leave garbage", "[replay][crash_model]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.flush();
  history.write({1}, 'b');
  CHECK(states_at(history, with_fault("corrupt"), history.now()) ==
        States{"a.", "ab", "a?"});
}

TEST_CASE("whole writes in flight together are not counted with garbage",
          "[replay][crash_model]") {
  History history(1, 2);
  const Request one = history.submit({0}, 'a');
  const Request other = history.submit({0}, 'b');
  history.complete(one);
  history.complete(other);
  const auto recording = recorded(history);
  for (const char* fault : {"none", "corrupt"}) {
    const CrashModel model = with_fault(fault);
    const auto space =
        StateSpace::build(recording, durability(*recording, model), history.now());
    CHECK(space.has_value() == (std::string(fault) == "none"));
    CrashModel units = model;
    units.atomic_bytes = 512;
    CHECK(StateSpace::build(recording, durability(*recording, units), history.now()));
  }
}

TEST_CASE("a fault that names nothing in the log is refused", "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.flush();
  const auto recording = recorded(history);
  const Timeline& timeline = recording->timeline();
  CHECK_FALSE(Durability::build(timeline, with_fault("ignore-flush:2")));
  CHECK_FALSE(Durability::build(timeline, with_fault("lost-write:1")));
  CHECK(Durability::build(timeline, with_fault("lost-write:0")));
}

TEST_CASE("a device model is read back as it is printed, and nonsense is refused",
          "[replay][crash_model]") {
  for (const char* text : {"volatile-cache", "write-through", "ordered"}) {
    CHECK(to_string(value_or_throw(parse_device_model(text))) == text);
  }
  CHECK_FALSE(parse_device_model("cache"));
  CHECK_FALSE(parse_discard_policy("maybe"));
}

}  // namespace
}  // namespace powercut::test
