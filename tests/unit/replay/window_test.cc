// SPDX-License-Identifier: GPL-2.0-only

#include "replay/window.h"

#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

std::vector<Cut> cuts(const History& history, const CrashModel& model, Cut from, Cut to) {
  const auto recording = recorded(history);
  std::vector<Cut> list;
  for (const Window& window :
       list_windows(recording->timeline(), *durability(*recording, model), from, to)) {
    CHECK(window.number == list.size());
    list.push_back(window.cut);
  }
  return list;
}

std::vector<Cut> cuts(const History& history) {
  return cuts(history, {}, 0, history.now());
}

TEST_CASE("a log of nothing has one window, with its one state", "[replay][window]") {
  CHECK(cuts(History(1, 1)) == std::vector<Cut>{0});
}

TEST_CASE("a window ends right before a flush completes", "[replay][window]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.flush();
  history.write({1}, 'b');
  CHECK(cuts(history) == std::vector<Cut>{3, 6});
}

TEST_CASE("a window ends right before a FUA write completes", "[replay][window]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.write({1}, 'b', true);
  CHECK(cuts(history) == std::vector<Cut>{3, 4});
}

TEST_CASE("a flush that covers nothing new ends no window", "[replay][window]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.flush();
  history.flush();
  CHECK(cuts(history) == std::vector<Cut>{3});
}

TEST_CASE("an end with nothing pending is no window of its own", "[replay][window]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.flush();
  history.mark("end");
  CHECK(cuts(history) == std::vector<Cut>{3});
}

TEST_CASE("the range of a question bounds its windows", "[replay][window]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.flush();
  const Cut from = history.now();
  history.write({1}, 'b');
  history.flush();
  CHECK(cuts(history, {}, from, history.now()) == std::vector<Cut>{7});
  CHECK(cuts(history, {}, 0, from) == std::vector<Cut>{3});
  CHECK(cuts(history, {}, from, from) == std::vector<Cut>{4});
}

TEST_CASE("under the ordered model each completion ends a window", "[replay][window]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.write({1}, 'b');
  CrashModel ordered;
  ordered.device = DeviceModel::kOrdered;
  CHECK(cuts(history, ordered, 0, history.now()) == std::vector<Cut>{1, 3, 4});
}

TEST_CASE("an ignored flush joins two windows", "[replay][window]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.flush();
  history.write({1}, 'b');
  CrashModel model;
  model.fault = value_or_throw(parse_fault("ignore-flush:1"));
  CHECK(cuts(history, model, 0, history.now()) == std::vector<Cut>{6});
}

TEST_CASE("the states of every earlier cut of a window are among those of its last",
          "[replay][window]") {
  History history(1, 2);
  const Request a = history.submit({0, 2}, 'a');
  const Request b = history.submit({1}, 'b');
  history.mark("between");
  history.complete(b);
  history.complete(a);
  const Request flush = history.flush_begin();
  const std::set<std::string> last = states_at(history, {}, history.now());
  history.complete(flush);
  REQUIRE(cuts(history)[0] == history.now() - 1);
  for (Cut cut = 0; cut < history.now(); ++cut) {
    for (const std::string& state : states_at(history, {}, cut)) {
      CHECK(last.contains(state));
    }
  }
}

}  // namespace
}  // namespace powercut::test
