// SPDX-License-Identifier: GPL-2.0-only

#include "replay/known_states.h"

#include "tests/unit/replay/explorer_bench.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

std::shared_ptr<const StateSpace> space_of(const History& history) {
  return space_at(recorded(history), {}, history.now());
}

TEST_CASE("a state that agrees in what was read is known", "[replay][known_states]") {
  FakeRunner runner(&reads_on);
  KnownStates known(runner, "base", true);
  const auto space = space_of(independent_writes(10));
  CrashState state = least_state(space);
  CHECK(value_or_throw(known.ask(state)).ran);
  state.options[5] = 1;  // never read: sector 0 is not there
  CHECK_FALSE(value_or_throw(known.ask(state)).ran);
  state.options[0] = 1;
  CHECK(value_or_throw(known.ask(state)).ran);
  CHECK(known.asked() == 3);
  CHECK(known.runs() == 2);
}

// Each answer is what a run of that very state would say.
TEST_CASE("answers equal runs for every state", "[replay][known_states]") {
  FakeRunner runner([](FootprintReader& reader) { return follow_chain(reader, 6); });
  KnownStates known(runner, "base", true);
  for_each_state(space_of(independent_writes(6)), [&](const CrashState& state) {
    const Verdict said = *value_or_throw(known.ask(state)).base;
    CHECK(said.same_as(value_or_throw(runner.run(0, state)).probes[0].verdict));
  });
  CHECK(known.runs() < 64);
}

TEST_CASE("a further probe is asked beside the base", "[replay][known_states]") {
  FakeRunner runner(std::vector<FakeProbe>{[](FootprintReader& reader) {
                                             reader.sector(0);
                                             return clean();
                                           },
                                           [](FootprintReader& reader) {
                                             return reader.sector(4) == '.'
                                                        ? found("empty")
                                                        : clean();
                                           }});
  KnownStates known(runner, "probe1", true);
  const auto space = space_of(independent_writes(6));
  CrashState state = least_state(space);
  KnownStates::Answer answer = value_or_throw(known.ask(state));
  REQUIRE(answer.probe != nullptr);
  CHECK(answer.probe->kind == Verdict::Kind::kFindings);
  CHECK(answer.base->kind == Verdict::Kind::kClean);
  state.options[4] = 1;
  answer = value_or_throw(known.ask(state));
  CHECK(answer.ran);
  CHECK(answer.probe->kind == Verdict::Kind::kClean);
  state.options[5] = 1;
  CHECK_FALSE(value_or_throw(known.ask(state)).ran);
}

TEST_CASE("what was learned elsewhere is known", "[replay][known_states]") {
  FakeRunner runner(&wants_order);
  KnownStates known(runner, "base", true);
  const auto space = space_of(independent_writes(6));
  CrashState state = least_state(space);
  known.learn(state, value_or_throw(runner.run(0, state)));
  CHECK_FALSE(value_or_throw(known.ask(state)).ran);
  CHECK(known.runs() == 0);
}

TEST_CASE("without footprints only the same state is known", "[replay][known_states]") {
  FakeRunner runner(&reads_on);
  KnownStates known(runner, "base", false);
  const auto space = space_of(independent_writes(6));
  CrashState state = least_state(space);
  CHECK(value_or_throw(known.ask(state)).ran);
  CHECK_FALSE(value_or_throw(known.ask(state)).ran);
  state.options[5] = 1;
  CHECK(value_or_throw(known.ask(state)).ran);
}

TEST_CASE("a run that was cut off teaches nothing", "[replay][known_states]") {
  int calls = 0;
  FakeRunner runner([&](FootprintReader& reader) {
    reader.sector(0);
    return ++calls == 1 ? inconclusive("no time") : clean();
  });
  KnownStates known(runner, "base", true);
  const CrashState state = least_state(space_of(independent_writes(3)));
  CHECK(value_or_throw(known.ask(state)).base->kind == Verdict::Kind::kInconclusive);
  CHECK(value_or_throw(known.ask(state)).base->kind == Verdict::Kind::kClean);
  CHECK(known.runs() == 2);
}

}  // namespace
}  // namespace powercut::test
