// SPDX-License-Identifier: GPL-2.0-only

#include "replay/inference.h"

#include "tests/unit/replay/explorer_bench.h"

#include <catch2/catch.hpp>

#include <functional>

namespace powercut::test {

namespace {

// Answers from all sectors of the state, as a recovery that reads everything: '.' is a
// write that is missing.
class Recovery final : public StateRunner {
 public:
  using Answer = std::function<Verdict(const std::string& letters)>;

  explicit Recovery(Answer answer) : answer_(std::move(answer)) {}

  std::string checker_name() const override { return "recovery"; }

  Result<RunOutcome> run(std::size_t /*worker*/, const CrashState& state) override {
    return RunOutcome{{ProbeOutcome{"base", answer_(letters_of(state)), {}}}};
  }

 private:
  Answer answer_;
};

Verdict came_back(std::string what) {
  Verdict verdict;
  verdict.outcome = std::move(what);
  return verdict;
}

bool there(const std::string& letters, std::initializer_list<std::size_t> sectors) {
  return std::all_of(sectors.begin(), sectors.end(),
                     [&](std::size_t sector) { return letters[sector] != '.'; });
}

// Three transactions in order, of writes 2 and 3, 5 to 7, and 11.
Verdict journal(const std::string& letters) {
  if (!there(letters, {2, 3})) {
    return came_back("none");
  }
  if (!there(letters, {5, 6, 7})) {
    return came_back("one");
  }
  return came_back(there(letters, {11}) ? "three" : "two");
}

Certificate infer(const Recovery::Answer& answer, const History& history,
                  const ExplorerOptions& options = {}, const CrashModel& model = {}) {
  const auto recording = recorded(history);
  Recovery recovery(answer);
  Inference inference(recording, recovery, options, {});
  const auto durable = durability(*recording, model);
  return value_or_throw(inference.infer(durable, {{0, history.now()}}));
}

TEST_CASE("299 runs in a row are 95 percent sure of 1 percent", "[replay][inference]") {
  CHECK(agreeing_runs({}) == 299);
  CHECK(agreeing_runs({.share = 0.1, .confidence = 0.9}) == 22);
}

TEST_CASE("the transactions of a journal are found, and what decides them",
          "[replay][inference]") {
  const Certificate certificate = infer(&journal, independent_writes(24));
  REQUIRE(certificate.inferred.size() == 1);
  const InferredWindow& window = certificate.inferred[0];
  CHECK(window.inferred);
  CHECK(window.pending == 24);
  CHECK(window.permitted == 1 << 24);
  CHECK(window.outcomes == 4);
  CHECK(window.deciding_writes.size() == 6);
  CHECK(window.runs <= 40 + 3 * 24);
  CHECK(window.random_runs >= 299);
  CHECK(certificate.inferred_all());
  CHECK_FALSE(certificate.complete());
  CHECK(certificate.states_decided == 0);
  CHECK(certificate.findings.empty());
}

TEST_CASE("what needs two losses is found by the states with one write alone",
          "[replay][inference]") {
  const Certificate certificate = infer(
      [](const std::string& letters) {
        return came_back(there(letters, {4}) || there(letters, {9}) ? "whole" : "lost");
      },
      independent_writes(20));
  CHECK(certificate.inferred[0].inferred);
  CHECK(certificate.inferred[0].outcomes == 2);
  CHECK(certificate.inferred[0].deciding_writes.size() == 2);
}

TEST_CASE("a finding in some outcome is told, with the states that were seen",
          "[replay][inference]") {
  const Certificate certificate = infer(
      [](const std::string& letters) {
        // A commit without its data.
        return there(letters, {11}) && !there(letters, {3}) ? found("stale")
                                                            : came_back("good");
      },
      independent_writes(16));
  CHECK(certificate.inferred[0].inferred);
  REQUIRE(certificate.findings.size() == 1);
  CHECK(certificate.findings[0].verdict.findings[0].key == "stale");
  CHECK(certificate.findings[0].states > 50);  // about a quarter of the random ones
  const StateIdHead head =
      value_or_throw(parse_state_head(certificate.findings[0].state_id, Cut{1000000}));
  CHECK(head.cut > 0);
}

// Planted: one state in twenty answers otherwise, after no rule.
Verdict mostly_journal(const std::string& letters) {
  std::uint64_t hash = 1469598103934665603ULL;
  for (const char letter : letters) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211ULL;
  }
  return hash % 20 == 0 ? came_back("odd") : journal(letters);
}

TEST_CASE("a prediction that is wrong for one state in twenty is not believed",
          "[replay][inference]") {
  const Certificate certificate = infer(&mostly_journal, independent_writes(24));
  CHECK_FALSE(certificate.inferred[0].inferred);
  CHECK_FALSE(certificate.inferred[0].why_not.empty());
  CHECK_FALSE(certificate.inferred_all());
}

// Planted: the structured states do not show what three losses do.
TEST_CASE("a surprise among the random states becomes a rule", "[replay][inference]") {
  const Certificate certificate = infer(
      [](const std::string& letters) {
        const bool bad = letters[1] == '.' && letters[6] == '.' && letters[12] != '.' &&
                         letters[13] != '.' && letters[14] != '.';
        return came_back(bad ? "bad" : "good");
      },
      independent_writes(16));
  const InferredWindow& window = certificate.inferred[0];
  CHECK(window.outcomes == 2);
  CHECK(window.random_runs > 299);  // the row began anew
  CHECK((window.inferred || !window.why_not.empty()));
}

TEST_CASE("of a window with few states all are run", "[replay][inference]") {
  const Certificate certificate = infer(&mostly_journal, independent_writes(5));
  CHECK(certificate.inferred[0].inferred);
  CHECK(certificate.inferred[0].confidence == 1);
  CHECK(certificate.inferred[0].share == 0);
  CHECK(certificate.runs == 32);
}

TEST_CASE("torn writes count as missing, and are tried", "[replay][inference]") {
  History history(1, 16);
  history.write({0, 4}, 'a');
  history.write({4, 4}, 'b');
  history.write({8, 4}, 'c');
  CrashModel model;
  model.atomic_bytes = 512;
  const Certificate certificate = infer(
      [](const std::string& letters) {
        return came_back(there(letters, {4, 5, 6, 7}) ? "after" : "before");
      },
      history, {}, model);
  const InferredWindow& window = certificate.inferred[0];
  CHECK(window.permitted == 1 << 12);
  CHECK(window.pending == 3);
  CHECK(window.inferred);
  CHECK(window.deciding_writes.size() == 1);
}

TEST_CASE("an answer that hangs on one torn sector is found out", "[replay][inference]") {
  History history(1, 16);
  history.write({0, 4}, 'a');
  history.write({4, 4}, 'b');
  history.write({8, 4}, 'c');
  CrashModel model;
  model.atomic_bytes = 512;
  const Certificate certificate = infer(
      [](const std::string& letters) {
        return came_back(there(letters, {5}) ? "after" : "before");
      },
      history, {}, model);
  CHECK(certificate.inferred[0].inferred);
  CHECK(certificate.inferred[0].random_runs > 299);
}

TEST_CASE("a window that the checker cannot judge is not inferred",
          "[replay][inference]") {
  const Certificate certificate = infer(
      [](const std::string& letters) {
        return there(letters, {3}) ? inconclusive("timed out") : came_back("good");
      },
      independent_writes(12));
  CHECK_FALSE(certificate.inferred_all());
  CHECK(certificate.inconclusive > 0);
}

TEST_CASE("a budget leaves windows that nothing is said of", "[replay][inference]") {
  ExplorerOptions options;
  options.max_runs = 10;
  const Certificate certificate = infer(&journal, independent_writes(24), options);
  CHECK(certificate.end == EndOfRun::kMaxRuns);
  CHECK_FALSE(certificate.inferred_all());
  CHECK(certificate.states_permitted == 1 << 24);
}

TEST_CASE("the same seed infers the same", "[replay][inference]") {
  const Certificate one = infer(&journal, independent_writes(24));
  const Certificate two = infer(&journal, independent_writes(24));
  CHECK(one.runs == two.runs);
  CHECK(one.inferred[0].deciding_writes == two.inferred[0].deciding_writes);
}

}  // namespace

}  // namespace powercut::test
