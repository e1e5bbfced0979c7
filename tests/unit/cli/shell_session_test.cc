// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/session.h"
#include "replay/window.h"
#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

#include <algorithm>

namespace powercut::test {
namespace {

ShellSession session() {
  History history(1, 4);
  history.mark("begun");          // 0
  history.write({0}, 'a');        // 1, 2
  history.flush();                // 3, 4
  history.write({0}, 'b');        // 5, 6
  history.write({1}, 'c');        // 7, 8
  history.mark("two words");      // 9
  history.mark("evil\x1b[2J\n");  // 10
  history.flush();                // 11, 12
  CrashModel model;
  model.atomic_bytes = 512;
  return {recorded(history), model};
}

Cut cut_of(const ShellSession& at, const std::vector<std::string>& words) {
  return value_or_throw(at.find(words));
}

TEST_CASE("a place is one word or several", "[cli][shell]") {
  const ShellSession at = session();
  CHECK(at.cut() == 13);
  CHECK(cut_of(at, {"flush", "1"}) == 5);
  CHECK(cut_of(at, {"flush:1"}) == 5);
  CHECK(cut_of(at, {"mark", "two", "words"}) == 10);
  CHECK(cut_of(at, {"two", "words"}) == 10);
  CHECK(cut_of(at, {"begun"}) == 1);
  CHECK(cut_of(at, {"write", "7"}) == 8);
  CHECK(cut_of(at, {"start"}) == 0);
  for (const std::vector<std::string>& bad :
       std::vector<std::vector<std::string>>{{},
                                             {""},
                                             {"flush"},
                                             {"flush", "99999999999999999999"},
                                             {"flush", "-1"},
                                             {"mark", "lost"},
                                             {"lost"},
                                             {"seq", "13"}}) {
    const Result<Cut> cut = at.find(bad);
    REQUIRE_FALSE(cut);
    CHECK(cut.error().kind == ErrorKind::kUsage);
  }
}

TEST_CASE("the prompt says where it is, and escapes what a mark says", "[cli][shell]") {
  ShellSession at = session();
  at.go_to(5);
  CHECK(at.place() == "flush 1 (cut 5, 0 pending)");
  at.go_to(11);
  CHECK(at.place() == "mark evil\\x1b[2J\\x0a (cut 11, 2 pending)");
  value_or_throw(at.draft().drop({1}));
  CHECK(at.place() == "mark evil\\x1b[2J\\x0a (cut 11, 2 pending, 1 lost)");
}

TEST_CASE("what is lost is forgotten with the place", "[cli][shell]") {
  ShellSession at = session();
  at.go_to(10);
  CHECK(at.untouched());
  value_or_throw(at.draft().drop({1}));
  CHECK(letters_of(at.state()) == "ac..");
  const std::string id = at.state().id();
  at.go_to(9);
  CHECK(letters_of(at.state()) == "bc..");
  at.go_to_state(id);
  CHECK(at.cut() == 10);
  CHECK(letters_of(at.state()) == "ac..");
  CHECK(at.state().id() == id);
}

TEST_CASE("an id brings its atomic unit along", "[cli][shell]") {
  ShellSession at = session();
  at.go_to_state("c10.w.all-5");
  CHECK(letters_of(at.state()) == "ac..");
  at.go_to(9);
  CHECK(at.state().id() == "c9.w.all");
  CHECK_THROWS_AS(at.go_to_state("c99.w.all"), Failure);
  CHECK_THROWS_AS(at.go_to_state("c10.w.all-1"), Failure);
  CHECK(at.cut() == 9);  // an error moves nothing
}

TEST_CASE("a state is named by here, an id or a place", "[cli][shell]") {
  ShellSession at = session();
  at.go_to(10);
  value_or_throw(at.draft().drop({2}));
  CHECK(letters_of(at.state_named(".")) == "b...");
  CHECK(letters_of(at.state_named("c10.w.all-5")) == "ac..");
  CHECK(letters_of(at.state_named("flush:1")) == "a...");
  CHECK(letters_of(at.state_named("begun")) == "....");
  CHECK_THROWS_AS(at.state_named("nowhere"), Failure);
  CHECK(at.cut() == 10);
}

TEST_CASE("the window of a place is the one that check decides", "[cli][shell]") {
  ShellSession at = session();
  const std::vector<Window> windows =
      list_windows(at.timeline(), at.durability(), 0, at.timeline().end());
  for (Cut cut = 0; cut <= at.timeline().end(); ++cut) {
    at.go_to(cut);
    const auto [first, last] = at.window();
    CHECK(first <= cut);
    CHECK(cut <= last);
    // Nothing becomes durable within.
    at.go_to(first);
    CHECK(at.durable_at(first) == at.durable_at(last));
    CHECK(at.pending_at(first) == at.pending().size());
    at.go_to(last);
    CHECK(at.pending_at(last) == at.pending().size());
    const bool decided =
        at.pending().empty() ||
        std::any_of(windows.begin(), windows.end(),
                    [end = last](const Window& w) { return w.cut == end; });
    CHECK(decided);
  }
}

}  // namespace
}  // namespace powercut::test
