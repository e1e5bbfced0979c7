// SPDX-License-Identifier: GPL-2.0-only

#include "results/stored_runner.h"

#include "tests/support/scratch_dir.h"
#include "tests/unit/replay/explorer_bench.h"

#include <catch2/catch.hpp>

#include <map>
#include <string>

namespace powercut::test {
namespace {

Certificate explore(Bench& bench, StateRunner& runner, std::uint64_t max_runs = 0) {
  ExplorerOptions options;
  options.max_runs = max_runs;
  Explorer explorer(bench.recording, runner, options);
  return value_or_throw(bench.try_explore(explorer));
}

TEST_CASE("a second exploration needs no run, and comes to the same",
          "[results][stored_runner]") {
  const ScratchDir dir;
  const auto store = value_or_throw(ResultStore::open(dir / "r.db"));
  const SubjectId subject = value_or_throw(store->subject("s"));
  Bench bench(independent_writes(8, 3), &reads_all);
  StoredRunner first(bench.book, *store, subject);
  const Certificate cold = explore(bench, first);
  const std::size_t runs = bench.book.run_count();
  CHECK(runs == cold.runs);
  CHECK(first.answered() == 0);
  StoredRunner second(bench.book, *store, subject);
  const Certificate warm = explore(bench, second);
  CHECK(bench.book.run_count() == runs);
  CHECK(second.answered() == warm.runs);
  CHECK(warm.complete());
  CHECK(warm.states_permitted == cold.states_permitted);
  CHECK(warm.classes == cold.classes);
  CHECK(warm.runs == cold.runs);
  REQUIRE(warm.findings.size() == cold.findings.size());
  REQUIRE_FALSE(warm.findings.empty());
  CHECK(warm.findings[0].state_id == cold.findings[0].state_id);
  StoredRunner other(bench.book, *store, value_or_throw(store->subject("another")));
  explore(bench, other);
  CHECK(other.answered() == 0);
}

TEST_CASE("an audit asks the checker again, and not the file",
          "[results][stored_runner]") {
  const ScratchDir dir;
  const auto store = value_or_throw(ResultStore::open(dir / "r.db"));
  const SubjectId subject = value_or_throw(store->subject("s"));
  // It changes its mind about a state that it has seen.
  std::map<std::string, int> asked;
  Bench bench(independent_writes(1), [&](FootprintReader& reader) {
    return ++asked[std::string(1, reader.sector(0))] > 1 ? found("again") : clean();
  });
  const auto audit = [&](StateRunner& runner) {
    ExplorerOptions options;
    options.audit_share = 1;
    Explorer explorer(bench.recording, runner, options);
    return bench.try_explore(explorer);
  };
  StoredRunner runner(bench.runner, *store, subject, nullptr, true);
  CHECK_FALSE(audit(runner));
  CHECK(runner.answered() == 0);
  asked.clear();
  StoredRunner blind(bench.runner, *store, value_or_throw(store->subject("blind")));
  CHECK(audit(blind));
}

TEST_CASE("what was run before the end is not run again", "[results][stored_runner]") {
  const ScratchDir dir;
  const auto store = value_or_throw(ResultStore::open(dir / "r.db"));
  const SubjectId subject = value_or_throw(store->subject("s"));
  Bench bench(independent_writes(8), &reads_all);
  StoredRunner first(bench.book, *store, subject);
  CHECK_FALSE(explore(bench, first, 100).complete());
  StoredRunner second(bench.book, *store, subject);
  CHECK(explore(bench, second).complete());
  CHECK(second.answered() == 100);
  CHECK(bench.book.run_count() == 256);
}

TEST_CASE("a run that could not judge is made again", "[results][stored_runner]") {
  const ScratchDir dir;
  const auto store = value_or_throw(ResultStore::open(dir / "r.db"));
  int calls = 0;
  FakeRunner fake([&](FootprintReader& reader) {
    reader.sector(0);
    return ++calls == 1 ? inconclusive("no time") : found("bad");
  });
  StoredRunner runner(fake, *store, value_or_throw(store->subject("s")));
  const History history = independent_writes(2);
  const CrashState state = most_state(space_at(recorded(history), {}, history.now()));
  const auto kind = [&] {
    return value_or_throw(runner.run(0, state)).probes[0].verdict.kind;
  };
  CHECK(kind() == Verdict::Kind::kInconclusive);
  CHECK(kind() == Verdict::Kind::kFindings);
  CHECK(kind() == Verdict::Kind::kFindings);
  CHECK(calls == 2);
  CHECK(runner.answered() == 1);
}

}  // namespace
}  // namespace powercut::test
