// SPDX-License-Identifier: GPL-2.0-only

#include "results/stored_states.h"

#include "results/stored_runner.h"
#include "tests/support/scratch_dir.h"
#include "tests/unit/replay/explorer_bench.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

std::shared_ptr<const StateSpace> space_of(const History& history) {
  return space_at(recorded(history), {}, history.now());
}

TEST_CASE("what was run for one subject answers for its states alone",
          "[results][stored_states]") {
  const ScratchDir dir;
  const auto store = value_or_throw(ResultStore::open(dir / "r.db"));
  const SubjectId subject = value_or_throw(store->subject("one"));
  const auto space = space_of(independent_writes(6));
  FakeRunner first([](FootprintReader& reader) { return follow_chain(reader, 3); });
  StoredRunner storing(first, *store, subject);
  for_each_state(space,
                 [&](const CrashState& state) { value_or_throw(storing.run(0, state)); });

  FakeRunner second([](FootprintReader& reader) { return follow_chain(reader, 3); });
  KnownStates known(second, "base", true);
  REQUIRE(teach_stored(*store, subject, space, known));
  for_each_state(space, [&](const CrashState& state) {
    CHECK_FALSE(value_or_throw(known.ask(state)).ran);
  });

  // Another subject's runs say nothing; nor do those of another cut.
  KnownStates other(second, "base", true);
  REQUIRE(teach_stored(*store, value_or_throw(store->subject("two")), space, other));
  CHECK(value_or_throw(other.ask(least_state(space))).ran);
  KnownStates elsewhere(second, "base", true);
  const auto longer = space_of(independent_writes(7));
  REQUIRE(teach_stored(*store, subject, longer, elsewhere));
  CHECK(value_or_throw(elsewhere.ask(least_state(longer))).ran);
}

// Ids of a file that was tampered with are passed over.
TEST_CASE("ids that are none teach nothing", "[results][stored_states]") {
  const ScratchDir dir;
  const auto store = value_or_throw(ResultStore::open(dir / "r.db"));
  const SubjectId subject = value_or_throw(store->subject("one"));
  RunOutcome outcome;
  outcome.probes.push_back(ProbeOutcome{"base", {}, {1}});
  const auto space = space_of(independent_writes(3));
  for (const std::string& id : {std::string("nonsense"), std::string("c99999.w.all"),
                                least_state(space).id() + "-77"}) {
    REQUIRE(store->add_run(subject, id, outcome));
  }
  FakeRunner runner(&reads_on);
  KnownStates known(runner, "base", true);
  REQUIRE(teach_stored(*store, subject, space, known));
  CHECK(value_or_throw(known.ask(least_state(space))).ran);
}

}  // namespace
}  // namespace powercut::test
