// SPDX-License-Identifier: GPL-2.0-only

#include "replay/state_draft.h"

#include "base/random.h"
#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

StateDraft draft_at_end(const History& history, std::uint32_t atomic_bytes) {
  const auto recording = recorded(history);
  CrashModel model;
  model.atomic_bytes = atomic_bytes;
  const Cut cut = recording->timeline().end();
  return {space_at(recording, model, cut),
          durability(*recording, model)->pending(recording->timeline(), cut)};
}

std::vector<WriteIndex> write(const StateDraft& draft, const std::string& name) {
  return value_or_throw(writes_named(draft.state().space->recording().timeline(), name));
}

// Three writes of sector 0 and one of sector 1, all pending; below them a durable one.
History layers() {
  History history(1, 2);
  history.write({0}, 'd');  // 0, 1
  history.flush();          // 2, 3
  history.write({0}, 'a');  // 4, 5
  history.write({0}, 'b');  // 6, 7
  history.write({0}, 'c');  // 8, 9
  history.write({1}, 'x');  // 10, 11
  return history;
}

TEST_CASE("a draft begins with all kept, and loses and keeps writes",
          "[replay][state_draft]") {
  for (const std::uint32_t atomic : {0U, 512U}) {
    INFO(atomic);
    StateDraft draft = draft_at_end(layers(), atomic);
    CHECK(letters_of(draft.state()) == "cx");
    CHECK(draft.lost().empty());
    value_or_throw(draft.drop(write(draft, "10")));
    CHECK(letters_of(draft.state()) == "c.");
    CHECK(draft.lost() == write(draft, "10"));
    value_or_throw(draft.keep(write(draft, "10")));
    CHECK(letters_of(draft.state()) == "cx");
    value_or_throw(draft.keep_only({}));
    CHECK(letters_of(draft.state()) == "d.");
    value_or_throw(draft.keep_only(write(draft, "4")));
    CHECK(letters_of(draft.state()) == "a.");
    draft.keep_all();
    CHECK(letters_of(draft.state()) == "cx");
  }
}

TEST_CASE("what was lost below shows when what covers it is lost",
          "[replay][state_draft]") {
  for (const std::uint32_t atomic : {0U, 512U}) {
    INFO(atomic);
    StateDraft draft = draft_at_end(layers(), atomic);
    value_or_throw(draft.drop(write(draft, "6")));
    CHECK(letters_of(draft.state()) == "cx");
    value_or_throw(draft.drop(write(draft, "8")));
    CHECK(letters_of(draft.state()) == "ax");
  }
}

TEST_CASE("only pending writes that show can be lost", "[replay][state_draft]") {
  History history = layers();
  const Request late = history.submit({1}, 'y');  // 12
  static_cast<void>(late);
  StateDraft draft = draft_at_end(history, 512);
  const std::string before = draft.state().id();
  const Status durable = draft.drop(write(draft, "0"));
  REQUIRE_FALSE(durable);
  CHECK(durable.error().message == "write 0 is not pending: it is durable here");
  // One that is not a choice leaves the other as it was.
  std::vector<WriteIndex> both = write(draft, "10");
  both.push_back(write(draft, "0")[0]);
  CHECK_FALSE(draft.drop(both));
  CHECK(draft.state().id() == before);
  const Timeline& timeline = draft.state().space->recording().timeline();
  for (const char* name : {"", "x", "-1", "1", "99", "4#2", "4#0", "4#", "#1", "4 "}) {
    INFO(name);
    CHECK_FALSE(writes_named(timeline, name));
  }
}

TEST_CASE("a write under a durable one cannot be lost", "[replay][state_draft]") {
  History history(1, 2);
  const Request hidden = history.submit({0}, 'a');
  history.complete(hidden);
  history.write({0}, 'b', true);
  StateDraft draft = draft_at_end(history, 0);
  const Status status = draft.drop(write(draft, "0"));
  REQUIRE_FALSE(status);
  CHECK(status.error().message == "write 0 is pending, but no state shows it");
}

TEST_CASE("of writes in flight together each can be lost", "[replay][state_draft]") {
  History history(1, 3);
  const Request a = history.submit({0, 2}, 'a');  // 0
  const Request b = history.submit({1, 2}, 'b');  // 1
  history.complete(a);
  history.complete(b);
  for (const std::uint32_t atomic : {0U, 512U}) {
    INFO(atomic);
    StateDraft draft = draft_at_end(history, atomic);
    value_or_throw(draft.drop(write(draft, "0")));
    CHECK(letters_of(draft.state()) == ".bb");
    CHECK(draft.lost() == write(draft, "0"));
    value_or_throw(draft.keep(write(draft, "0")));
    value_or_throw(draft.drop(write(draft, "1")));
    CHECK(letters_of(draft.state()) == "aa.");
    value_or_throw(draft.drop(write(draft, "0")));
    CHECK(letters_of(draft.state()) == "...");
  }
}

TEST_CASE("a draft from a state is that state, and its id leads back",
          "[replay][state_draft]") {
  Random random(7);
  for (const std::uint32_t atomic : {0U, 512U}) {
    const StateDraft first = draft_at_end(layers(), atomic);
    for (int i = 0; i < 20; ++i) {
      const CrashState state = random_state(first.state().space, random);
      StateDraft draft(state, first.pending());
      CHECK(draft.state().id() == state.id());
      const CrashState again =
          value_or_throw(state_from_id(state.space, draft.state().id()));
      CHECK(again.options == state.options);
      // Keeping what is lost there, one by one, ends with all kept.
      while (!draft.lost().empty()) {
        value_or_throw(draft.keep(draft.lost()));
      }
      CHECK(letters_of(draft.state()) == "cx");
    }
  }
}

}  // namespace
}  // namespace powercut::test
