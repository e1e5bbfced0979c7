// SPDX-License-Identifier: GPL-2.0-only
//
// What an exploration promises: what it counts, that its findings and its runs repeat.

#include "replay/explorer.h"

#include "tests/unit/replay/explorer_bench.h"

#include <catch2/catch.hpp>

#include <optional>
#include <set>

namespace powercut::test {
namespace {

TEST_CASE("a checker that reads nothing is decided in one run", "[replay][explorer]") {
  Bench bench(independent_writes(40), &reads_nothing);
  const Certificate certificate = bench.explore();
  CHECK(certificate.complete());
  CHECK(certificate.runs == 1);
  CHECK(certificate.classes == 1);
  CHECK(certificate.states_decided == BigCount(1) << 40);
  CHECK(certificate.findings.empty());
}

TEST_CASE("canary: a checker that always finds fails every state", "[replay][explorer]") {
  Bench bench(independent_writes(20), &always_finds);
  const Certificate certificate = bench.explore();
  BigCount failing = 0;
  for (const FailingClass& finding : certificate.findings) {
    failing += finding.states;
  }
  CHECK(certificate.findings.size() == 2);
  CHECK(failing == certificate.states_permitted);
}

TEST_CASE("only what is read divides: a chain of 16 has 17 classes",
          "[replay][explorer]") {
  Bench bench(independent_writes(16), &reads_on);
  const Certificate certificate = bench.explore();
  CHECK(certificate.complete());
  CHECK(certificate.runs == 17);
  CHECK(certificate.classes == 17);
  CHECK(certificate.states_decided == 1 << 16);
}

TEST_CASE("the states of a failing class are counted", "[replay][explorer]") {
  Bench bench(independent_writes(10), &wants_order);
  const Certificate certificate = bench.explore();
  REQUIRE(certificate.findings.size() == 1);
  CHECK(certificate.findings[0].states == 1 << 8);
  CHECK(certificate.findings[0].checker == "fake");
  CHECK(certificate.findings[0].probe == "base");
  CHECK(certificate.findings[0].fault == "none");
  CHECK(certificate.findings[0].windows == std::vector<std::size_t>{0});
}

TEST_CASE("a finding's id leads back to a state that fails the same way",
          "[replay][explorer]") {
  Bench bench(independent_writes(8, 3), &reads_on);
  const Certificate certificate = bench.explore();
  REQUIRE(certificate.findings.size() >= 2);
  for (const FailingClass& finding : certificate.findings) {
    const StateIdHead head = value_or_throw(
        parse_state_head(finding.state_id, bench.recording->timeline().end()));
    CHECK(head.cut == finding.window.cut);
    const CrashState state = value_or_throw(
        state_from_id(space_at(bench.recording, {}, head.cut), finding.state_id));
    const RunOutcome outcome = value_or_throw(bench.runner.run(0, state));
    CHECK(verdict_text(outcome.probes[0].verdict) == verdict_text(finding.verdict));
  }
}

TEST_CASE("a failing class names each of its windows once", "[replay][explorer]") {
  // The class of 'a' is closed in two parts a window, the windows taking turns.
  History history(1, 1);
  for (int window = 0; window < 3; ++window) {
    for (const char letter : {'a', 'b', 'a'}) {
      history.write({0}, letter);
    }
    history.flush();
  }
  Bench bench(history, [](FootprintReader& reader) {
    return reader.sector(0) == 'a' ? found("a") : clean();
  });
  const Certificate certificate = bench.explore();
  REQUIRE(certificate.findings.size() == 1);
  CHECK(certificate.findings[0].states == 5 + 6 + 6);
  CHECK(certificate.findings[0].windows == std::vector<std::size_t>{0, 1, 2});
}

TEST_CASE("the same seed makes the same runs whatever the number of jobs",
          "[replay][explorer]") {
  std::optional<Certificate> first;
  Strings first_ids;
  for (const std::size_t jobs : {1U, 2U, 4U}) {
    Bench bench(independent_writes(8, 2), &reads_all);
    ExplorerOptions options;
    options.jobs = jobs;
    options.max_runs = 200;
    options.seed = 7;
    const Certificate certificate = bench.explore(options);
    if (!first) {
      first = certificate;
      first_ids = bench.book.ids();
    }
    CHECK(bench.book.ids() == first_ids);
    CHECK(certificate.states_decided == first->states_decided);
    CHECK(certificate.classes == first->classes);
    REQUIRE(certificate.findings.size() == first->findings.size());
    for (std::size_t i = 0; i < first->findings.size(); ++i) {
      CHECK(certificate.findings[i].state_id == first->findings[i].state_id);
    }
  }
}

TEST_CASE("another seed makes other runs", "[replay][explorer]") {
  std::set<Strings> different;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Bench bench(independent_writes(8), &reads_all);
    ExplorerOptions options;
    options.max_runs = 128;
    options.seed = seed;
    bench.explore(options);
    different.insert(bench.book.ids());
  }
  CHECK(different.size() == 3);
}

Verdict probe_of(FootprintReader& reader, std::uint64_t first) {
  std::string letters;
  for (std::uint64_t i = first; i < first + 4; ++i) {
    letters += reader.sector(i);
  }
  return letters == ".a.a" ? found(letters) : clean();
}

TEST_CASE("classes of probes add, they do not multiply", "[replay][explorer]") {
  const auto low = [](FootprintReader& reader) { return probe_of(reader, 0); };
  const auto high = [](FootprintReader& reader) { return probe_of(reader, 4); };
  Bench two(independent_writes(8), {&reads_nothing, low, high});
  const Certificate certificate = two.explore();
  CHECK(certificate.complete());
  CHECK(certificate.classes == 1);
  CHECK(certificate.probe_classes == 16 + 16);
  CHECK(certificate.runs <= 33);
  REQUIRE(certificate.findings.size() == 2);
  CHECK(certificate.findings[0].states == 16);
  CHECK(certificate.findings[0].probe != certificate.findings[1].probe);
}

// Sector 0 says how many files there are, each of one sector behind it, as a file system
// does: "a" one, "b" two. A file that holds "x" is found.
class FilesRunner final : public StateRunner {
 public:
  std::string checker_name() const override { return "files"; }

  Result<RunOutcome> run(std::size_t /*worker*/, const CrashState& state) override {
    FootprintReader base(state);
    const char letter = base.sector(0);
    RunOutcome outcome;
    if (++runs_ > patience_) {
      outcome.probes.push_back({"base", inconclusive("timed out"), base.units()});
      return outcome;
    }
    outcome.probes.push_back({"base", clean(), base.units()});
    const int files = letter == '.' ? 0 : letter - 'a' + 1 + extra_;
    for (int i = 1; i <= files; ++i) {
      FootprintReader reader(state);
      const Verdict verdict = reader.sector(i) == 'x' ? found("x") : clean();
      outcome.probes.push_back({"file" + std::to_string(i), verdict, reader.units()});
    }
    extra_ += moody_ ? 1 : 0;
    return outcome;
  }

  bool moody_ = false;   // another list each time
  int patience_ = 1000;  // runs until it times out

 private:
  int extra_ = 0;
  int runs_ = 0;
};

TEST_CASE("the base says which probes a state has", "[replay][explorer]") {
  History history(1, 16);
  for (const std::uint64_t sector : {1, 2}) {
    history.write({sector}, 'c');
  }
  history.flush();
  history.write({0}, 'a');
  history.write({0}, 'b');
  history.write({1}, 'x');
  history.write({2}, 'x');
  const auto recording = recorded(history);
  FilesRunner runner;
  ExplorerOptions options;
  options.audit_share = 1;
  Explorer explorer(recording, runner, options);
  const auto durable = durability(*recording, {});
  const auto certificate = explorer.explore(durable, {{0, history.now()}});
  REQUIRE(value_or_throw(certificate).complete());
  // Neither, a, or b; with a one file of two contents, with b two.
  CHECK(certificate->states_permitted == 16);
  CHECK(certificate->classes == 3);
  CHECK(certificate->probe_classes == 2 + 2 * 2);
  CHECK(certificate->runs <= 5);
  CHECK(certificate->audited == 3);
  // Of 4 states with a, 2 fail; of 8 with b on top, 4 by file 1 and 4 by file 2.
  BigCount failing = 0;
  for (const FailingClass& finding : certificate->findings) {
    failing += finding.states;
  }
  CHECK(failing == 2 + 4 + 4);
  CHECK(certificate->examples.size() == 3);
}

TEST_CASE("a base that times out leaves its probes undecided", "[replay][explorer]") {
  History history(1, 16);
  history.write({0}, 'a');
  history.write({1}, 'c');
  history.flush();
  history.write({1}, 'x');
  const auto recording = recorded(history);
  FilesRunner runner;
  runner.patience_ = 1;
  Explorer explorer(recording, runner, {});
  const auto durable = durability(*recording, {});
  const auto certificate = explorer.explore(durable, {{0, history.now()}});
  REQUIRE(certificate);
  CHECK(certificate->inconclusive == 1);
  CHECK_FALSE(certificate->complete());
  CHECK(certificate->states_permitted == 2);
  CHECK(certificate->states_decided == 1);
}

TEST_CASE("a checker whose probes do not follow from what the base read is refused",
          "[replay][explorer]") {
  Bench bench(independent_writes(8), &reads_on);
  FilesRunner runner;
  runner.moody_ = true;
  ExplorerOptions options;
  options.audit_share = 1;
  Explorer explorer(bench.recording, runner, options);
  const auto certificate = bench.try_explore(explorer);
  REQUIRE_FALSE(certificate);
  CHECK(certificate.error().message.find("contradicts itself") != std::string::npos);
}

TEST_CASE("a second exploration of the same windows runs nothing", "[replay][explorer]") {
  Bench bench(independent_writes(8, 2), &reads_all);
  Explorer explorer = bench.explorer();
  const Certificate first = value_or_throw(bench.try_explore(explorer));
  const Certificate second = value_or_throw(bench.try_explore(explorer));
  CHECK(first.runs > 0);
  CHECK(second.runs == 0);
  CHECK(second.complete());
  CHECK(second.classes == first.classes);
  CHECK(second.memo_hits == second.classes);
  REQUIRE(second.findings.size() == first.findings.size());
  CHECK(second.findings[0].states == first.findings[0].states);
}

TEST_CASE("another model of the recording runs only what is new", "[replay][explorer]") {
  Bench bench(independent_writes(8, 2), &reads_on);
  Explorer explorer = bench.explorer();
  const Certificate sound = value_or_throw(bench.try_explore(explorer));
  CrashModel broken;
  broken.fault = value_or_throw(parse_fault("ignore-flush:1"));
  const Certificate mutated = value_or_throw(bench.try_explore(explorer, broken));
  Bench fresh(independent_writes(8, 2), &reads_on);
  Explorer other = fresh.explorer();
  CHECK(mutated.complete());
  CHECK(mutated.runs < value_or_throw(fresh.try_explore(other, broken)).runs);
  CHECK(mutated.findings.back().fault == "ignore-flush:1");
}

TEST_CASE("an explorer keeps to one size of unit", "[replay][explorer]") {
  Bench bench(independent_writes(2), &reads_nothing);
  Explorer explorer = bench.explorer();
  REQUIRE(bench.try_explore(explorer));
  CrashModel units;
  units.atomic_bytes = 4096;
  CHECK_FALSE(bench.try_explore(explorer, units));
}

}  // namespace
}  // namespace powercut::test
