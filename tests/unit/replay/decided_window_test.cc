// SPDX-License-Identifier: GPL-2.0-only

#include "replay/decided_window.h"

#include "replay/inference.h"
#include "tests/unit/replay/explorer_bench.h"

#include <catch2/catch.hpp>

#include <map>
#include <set>

namespace powercut::test {
namespace {

using Told = std::map<std::size_t, DecidedWindow>;

// Keeps what it is told; a window told twice is kept under a number of its own.
ExplorerOptions telling(Told& told) {
  ExplorerOptions options;
  options.on_window = [&told](const DecidedWindow& window) -> Status {
    const std::size_t number = window.window.number;
    told.emplace(told.contains(number) ? 1000 + number : number, window);
    return {};
  };
  return options;
}

BigCount states_of(const DecidedWindow& window, const std::string& probe) {
  BigCount sum = 0;
  for (const StateClass& each : window.classes) {
    sum += each.probe == probe ? each.states : 0;
  }
  return sum;
}

// Each class names a state that was run.
void check_states(const Bench& bench, const DecidedWindow& window) {
  const std::vector<std::string> ids = bench.book.ids();
  for (const StateClass& each : window.classes) {
    CHECK(std::binary_search(ids.begin(), ids.end(), each.state_id));
  }
}

TEST_CASE("each window is told once, and its classes are all of its states",
          "[replay][decided_window]") {
  Bench bench(independent_writes(6, 4), std::vector<FakeProbe>{&reads_on, &wants_order});
  Told told;
  const Certificate certificate = bench.explore(telling(told));
  REQUIRE(certificate.complete());
  REQUIRE_FALSE(certificate.findings.empty());
  CHECK(told.size() == certificate.windows);
  BigCount permitted = 0;
  std::uint64_t classes = 0;
  std::uint64_t probe_classes = 0;
  std::set<std::size_t> failing;
  for (const auto& [number, window] : told) {
    CHECK(window.window.number == number);
    CHECK(window.tier == DecidedWindow::Tier::kProved);
    CHECK(window.decided == window.permitted);
    CHECK(states_of(window, "base") == window.permitted);
    CHECK(states_of(window, "probe1") == window.permitted);
    check_states(bench, window);
    permitted += window.permitted;
    for (const StateClass& each : window.classes) {
      ++(each.probe == "base" ? classes : probe_classes);
      CHECK((each.summary == "clean") == (each.kind == Verdict::Kind::kClean));
    }
    if (window.kind() == Verdict::Kind::kFindings) {
      failing.insert(number);
    }
  }
  CHECK(permitted == certificate.states_permitted);
  CHECK(classes == certificate.classes);
  CHECK(probe_classes == certificate.probe_classes);
  std::set<std::size_t> expected;
  for (const FailingClass& finding : certificate.findings) {
    expected.insert(finding.windows.begin(), finding.windows.end());
  }
  CHECK(failing == expected);
}

TEST_CASE("a window that a budget ended is told as open", "[replay][decided_window]") {
  Bench bench(independent_writes(8, 3), &reads_all);
  Told told;
  ExplorerOptions options = telling(told);
  options.max_runs = 300;
  const Certificate certificate = bench.explore(options);
  REQUIRE_FALSE(certificate.complete());
  CHECK(told.size() == certificate.windows);
  std::size_t open = 0;
  BigCount decided = 0;
  for (const auto& [number, window] : told) {
    decided += window.decided;
    CHECK(states_of(window, "base") == window.decided);
    if (window.tier == DecidedWindow::Tier::kOpen) {
      ++open;
      CHECK(window.decided < window.permitted);
      CHECK(window.kind() != Verdict::Kind::kClean);
    }
  }
  CHECK(decided == certificate.states_decided);
  CHECK(open == certificate.windows - certificate.windows_decided);
  CHECK(open > 0);
}

TEST_CASE("what could not be judged is no clean window", "[replay][decided_window]") {
  Bench bench(independent_writes(3), [](FootprintReader& reader) {
    return reader.sector(1) == '.' ? inconclusive("no time") : clean();
  });
  Told told;
  bench.explore(telling(told));
  REQUIRE(told.size() == 1);
  CHECK(told[0].kind() == Verdict::Kind::kInconclusive);
  CHECK(told[0].tier == DecidedWindow::Tier::kOpen);
  CHECK(told[0].decided == 4);
  CHECK(told[0].permitted == 8);
}

TEST_CASE("who is told may end the exploration", "[replay][decided_window]") {
  Bench bench(independent_writes(3, 2), &reads_on);
  ExplorerOptions options;
  options.on_window = [](const DecidedWindow&) -> Status {
    return fail(ErrorKind::kSystem, "the disk is full");
  };
  Explorer explorer = bench.explorer(options);
  const auto result = bench.try_explore(explorer);
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "the disk is full");
}

TEST_CASE("inferred windows are told with what was run", "[replay][decided_window]") {
  Bench bench(independent_writes(20, 2), [](FootprintReader& reader) {
    Verdict verdict = reader.sector(3) == '.' ? found("3 is gone") : clean();
    verdict.outcome = verdict.findings.empty() ? "new" : "old";
    return verdict;
  });
  Told told;
  ExplorerOptions options = telling(told);
  const auto infer = [&] {
    told.clear();
    Inference inference(bench.recording, bench.book, options, {});
    const auto durable = durability(*bench.recording, {});
    return value_or_throw(
        inference.infer(durable, list_windows(bench.recording->timeline(), *durable, 0,
                                              bench.recording->timeline().end())));
  };
  const Certificate certificate = infer();
  REQUIRE(certificate.inferred_all());
  REQUIRE(told.size() == 2);
  for (const auto& [number, window] : told) {
    const InferredWindow& inferred = certificate.inferred[number];
    CHECK(window.tier == DecidedWindow::Tier::kInferred);
    CHECK(window.permitted == inferred.permitted);
    CHECK(window.decided == 0);
    CHECK(window.classes.size() == inferred.outcomes);
    CHECK(states_of(window, "probe0") == inferred.runs + inferred.random_runs);
    check_states(bench, window);
  }
  CHECK(told[0].kind() == Verdict::Kind::kFindings);
  // In the second window sector 3 holds the letter of the first, or of the second.
  CHECK(told[1].kind() == Verdict::Kind::kClean);

  options.max_runs = 10;
  REQUIRE_FALSE(infer().inferred_all());
  REQUIRE(told.size() == 2);
  CHECK(told[0].tier == DecidedWindow::Tier::kOpen);
  CHECK(told[1].classes.empty());
  CHECK(told[1].kind() == Verdict::Kind::kInconclusive);
  CHECK(told[1].permitted > 0);
}

}  // namespace
}  // namespace powercut::test
