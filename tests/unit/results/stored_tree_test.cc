// SPDX-License-Identifier: GPL-2.0-only

#include "results/stored_tree.h"

#include "results/stored_runner.h"
#include "tests/support/scratch_dir.h"
#include "tests/unit/replay/explorer_bench.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

// The base reads on while sectors are written; a probe reads two far behind.
std::vector<FakeProbe> two_probes() {
  return {&reads_on, [](FootprintReader& reader) {
            return reader.sector(6) == '.' && reader.sector(7) != '.'
                       ? found("7 before 6")
                       : clean();
          }};
}

class Fixture {
 public:
  explicit Fixture(std::vector<FakeProbe> probes)
      : bench(independent_writes(8, 3), std::move(probes)),
        store(value_or_throw(ResultStore::open(dir / "r.db"))),
        subject(value_or_throw(store->subject("s"))),
        durable(durability(*bench.recording, {})) {}

  Certificate check(StoredTree* tree, std::uint64_t seed, std::uint64_t max_runs = 0) {
    StoredRunner runner(bench.book, *store, subject, tree);
    ExplorerOptions options;
    options.seed = seed;
    options.max_runs = max_runs;
    Explorer explorer(bench.recording, runner, options);
    Certificate certificate = value_or_throw(bench.try_explore(explorer));
    answered = runner.answered();
    agreed = runner.agreed();
    return certificate;
  }

  // Asks the tree for every state of every window: what it knows is what a run says.
  // Returns how many it knows.
  std::size_t compare_all(StoredTree& tree) {
    std::size_t known = 0;
    for (const Window& window : list_windows(bench.recording->timeline(), *durable, 0,
                                             bench.recording->timeline().end())) {
      const auto space =
          value_or_throw(StateSpace::build(bench.recording, durable, window.cut));
      for_each_state(space, [&](const CrashState& state) {
        const std::optional<RunOutcome> told = value_or_throw(tree.find(state));
        if (!told) {
          return;
        }
        ++known;
        const RunOutcome ran = value_or_throw(bench.runner.run(0, state));
        REQUIRE(told->probes.size() == ran.probes.size());
        for (std::size_t i = 0; i < ran.probes.size(); ++i) {
          REQUIRE(told->probes[i].verdict.same_as(ran.probes[i].verdict));
          REQUIRE(told->probes[i].footprint == ran.probes[i].footprint);
        }
      });
    }
    return known;
  }

  ScratchDir dir;
  Bench bench;
  std::unique_ptr<ResultStore> store;
  SubjectId subject;
  std::shared_ptr<const Durability> durable;
  std::uint64_t answered = 0;
  std::uint64_t agreed = 0;
};

TEST_CASE("a tree does not hold on to what the asker forgets", "[results][stored_tree]") {
  Fixture fixture(two_probes());
  REQUIRE(fixture.check(nullptr, 1).complete());
  StoredTree tree(*fixture.store, fixture.subject, fixture.bench.recording,
                  fixture.durable);
  const auto space =
      space_at(fixture.bench.recording, {}, fixture.bench.recording->timeline().end());
  Random random(5);
  for (int i = 0; i < 50; ++i) {
    const CrashState state = random_state(space, random);
    const std::optional<RunOutcome> told = value_or_throw(tree.find(state));
    REQUIRE(told);
    CHECK(told->probes[0].verdict.same_as(
        value_or_throw(fixture.bench.runner.run(0, state)).probes[0].verdict));
    space->trim();
    space->look(random.below(8));  // where something else was
  }
}

TEST_CASE("another seed needs no run after a whole check", "[results][stored_tree]") {
  Fixture fixture(two_probes());
  const Certificate cold = fixture.check(nullptr, 1);
  REQUIRE(cold.complete());
  REQUIRE_FALSE(cold.findings.empty());
  const std::size_t runs = fixture.bench.book.run_count();
  // Without the tree some states are new.
  fixture.check(nullptr, 7, 20);
  StoredTree tree(*fixture.store, fixture.subject, fixture.bench.recording,
                  fixture.durable);
  const std::size_t before = fixture.bench.book.run_count();
  REQUIRE(runs <= before);
  for (const std::uint64_t seed : {2, 3, 4, 5}) {
    const Certificate warm = fixture.check(&tree, seed);
    CHECK(fixture.bench.book.run_count() == before);
    CHECK(fixture.answered + fixture.agreed == warm.runs);
    CHECK(warm.complete());
    CHECK(warm.states_permitted == cold.states_permitted);
    CHECK(warm.findings.size() == cold.findings.size());
    CHECK(warm.classes == cold.classes);
    CHECK(warm.probe_classes == cold.probe_classes);
  }
  CHECK(fixture.compare_all(tree) == 3 * 256);
}

TEST_CASE("a tree of few runs says nothing but what they say", "[results][stored_tree]") {
  Fixture fixture(two_probes());
  REQUIRE_FALSE(fixture.check(nullptr, 1, 6).complete());
  StoredTree tree(*fixture.store, fixture.subject, fixture.bench.recording,
                  fixture.durable);
  const std::size_t known = fixture.compare_all(tree);
  CHECK(known > 6);
  CHECK(known < 3 * 256);
  CHECK(fixture.check(&tree, 9).complete());
}

TEST_CASE("probes of different runs with one base are joined", "[results][stored_tree]") {
  Fixture fixture({&reads_nothing,
                   [](FootprintReader& reader) {
                     return reader.sector(1) == '.' ? found("no 1") : clean();
                   },
                   [](FootprintReader& reader) {
                     return reader.sector(5) == '.' ? found("no 5") : clean();
                   }});
  const auto space =
      value_or_throw(StateSpace::build(fixture.bench.recording, fixture.durable,
                                       fixture.bench.recording->timeline().end()));
  StoredRunner runner(fixture.bench.book, *fixture.store, fixture.subject);
  value_or_throw(runner.run(0, most_state(space)));
  StoredTree one(*fixture.store, fixture.subject, fixture.bench.recording,
                 fixture.durable);
  std::size_t whole = 0;
  for_each_state(space, [&](const CrashState& state) {
    whole += value_or_throw(one.find(state)) ? 1 : 0;
  });
  CHECK(whole == 64);  // those with both sectors as in the run
  value_or_throw(runner.run(0, least_state(space)));
  StoredTree both(*fixture.store, fixture.subject, fixture.bench.recording,
                  fixture.durable);
  std::size_t joined = 0;
  for_each_state(space, [&](const CrashState& state) {
    joined += value_or_throw(both.find(state)) ? 1 : 0;
  });
  CHECK(joined == 256);  // one or both as in either
}

TEST_CASE("the tree of another subject, or of nonsense, knows nothing",
          "[results][stored_tree]") {
  Fixture fixture(two_probes());
  fixture.check(nullptr, 1);
  StoredTree other(*fixture.store, value_or_throw(fixture.store->subject("other")),
                   fixture.bench.recording, fixture.durable);
  CHECK(fixture.compare_all(other) == 0);
  const SubjectId third = value_or_throw(fixture.store->subject("third"));
  RunOutcome outcome;
  outcome.probes.push_back(ProbeOutcome{"base", {}, {}});
  for (const char* id : {"nonsense", "c99999.w.all", "c1.512.all"}) {
    REQUIRE(fixture.store->add_run(third, id, outcome));
  }
  StoredTree nonsense(*fixture.store, third, fixture.bench.recording, fixture.durable);
  CHECK(fixture.compare_all(nonsense) == 0);
}

}  // namespace
}  // namespace powercut::test
