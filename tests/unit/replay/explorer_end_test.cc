// SPDX-License-Identifier: GPL-2.0-only
//
// How an exploration ends: decided, out of budget, interrupted, refused. It says which,
// and what it left open.

#include "replay/explorer.h"
#include "tests/unit/replay/explorer_bench.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <set>

namespace powercut::test {
namespace {

TEST_CASE("all, none, each write alone and each missing come early",
          "[replay][explorer]") {
  Bench bench(independent_writes(8), &reads_all);
  ExplorerOptions options;
  options.max_runs = 40;
  CHECK(bench.explore(options).runs == 40);
  const Strings ids = bench.book.ids();
  std::set<std::string> early = {"c16.w.all", "c16.w.none"};
  for (int seq = 0; seq < 16; seq += 2) {
    early.insert("c16.w.all-" + std::to_string(seq));
    early.insert("c16.w.none+" + std::to_string(seq));
  }
  for (const std::string& id : early) {
    INFO(id);
    CHECK(std::find(ids.begin(), ids.end(), id) != ids.end());
  }
}

TEST_CASE("a bound of runs ends honestly", "[replay][explorer]") {
  Bench bench(independent_writes(8), &reads_all);
  ExplorerOptions options;
  options.max_runs = 100;
  const Certificate certificate = bench.explore(options);
  CHECK(certificate.runs == 100);
  CHECK(bench.book.run_count() == 100);
  CHECK_FALSE(certificate.complete());
  CHECK(certificate.end == EndOfRun::kMaxRuns);
  CHECK(certificate.states_permitted == 256);
  CHECK(certificate.states_decided == 100);
}

TEST_CASE("a bound that is never reached changes nothing", "[replay][explorer]") {
  Bench bench(independent_writes(8), &reads_all);
  ExplorerOptions options;
  options.max_runs = 257;
  options.stop_after = 2;
  const Certificate certificate = bench.explore(options);
  CHECK(certificate.complete());
  CHECK(certificate.end == EndOfRun::kDecided);
  CHECK(certificate.runs == 256);
}

Verdict wants_even(FootprintReader& reader) {
  std::string odd;
  for (std::uint64_t i = 0; i < 8; ++i) {
    odd += reader.sector(i) != '.' ? std::to_string(i) : "";
  }
  return odd.size() % 2 == 0 ? clean() : found(odd);
}

TEST_CASE("enough findings end it", "[replay][explorer]") {
  Bench bench(independent_writes(8), &wants_even);
  ExplorerOptions options;
  options.stop_after = 2;
  const Certificate certificate = bench.explore(options);
  CHECK(certificate.findings.size() >= 2);
  CHECK(certificate.end == EndOfRun::kStopAfter);
  CHECK_FALSE(certificate.complete());
  CHECK(certificate.states_decided < certificate.states_permitted);
}

TEST_CASE("an interruption ends it, and unopened windows count as permitted",
          "[replay][explorer]") {
  Bench bench(independent_writes(8, 4), &reads_all);
  std::size_t polls = 0;
  ExplorerOptions options;
  options.interrupted = [&] { return ++polls > 20; };
  const Certificate certificate = bench.explore(options);
  CHECK(certificate.end == EndOfRun::kInterrupted);
  CHECK_FALSE(certificate.complete());
  CHECK(certificate.windows == 4);
  CHECK(certificate.states_permitted == 4 * 256);
  CHECK(certificate.states_decided < certificate.states_permitted);
}

TEST_CASE("an interruption before the first run decides nothing", "[replay][explorer]") {
  Bench bench(independent_writes(4), &reads_all);
  ExplorerOptions options;
  options.interrupted = [] { return true; };
  const Certificate certificate = bench.explore(options);
  CHECK(certificate.runs == 0);
  CHECK(certificate.states_decided == 0);
  CHECK(certificate.states_permitted == 16);
}

TEST_CASE("an audit of a deterministic checker agrees", "[replay][explorer]") {
  Bench bench(independent_writes(12, 2), &reads_on);
  ExplorerOptions options;
  options.audit_share = 1;
  const Certificate certificate = bench.explore(options);
  CHECK(certificate.complete());
  CHECK(certificate.audited >= certificate.classes);
  CHECK(certificate.audit_share == 1);
}

TEST_CASE("an audit of a checker that reads something else fails with both states",
          "[replay][explorer]") {
  std::atomic<int> calls = 0;
  Bench bench(independent_writes(6), [&](FootprintReader& reader) {
    reader.sector(0);
    return ++calls > 1 ? found("changed its mind") : clean();
  });
  ExplorerOptions options;
  options.audit_share = 1;
  Explorer explorer = bench.explorer(options);
  const auto certificate = bench.try_explore(explorer);
  REQUIRE_FALSE(certificate);
  CHECK(certificate.error().message.find("audit failed") != std::string::npos);
  CHECK(certificate.error().message.find("c12.w.") != std::string::npos);
  CHECK(certificate.error().message.find("changed its mind") != std::string::npos);
}

TEST_CASE("a class that the checker could not judge leaves it incomplete",
          "[replay][explorer]") {
  Bench bench(independent_writes(4), [](FootprintReader& reader) {
    return reader.sector(2) == '.' ? inconclusive("timed out") : clean();
  });
  const Certificate certificate = bench.explore();
  CHECK_FALSE(certificate.complete());
  CHECK(certificate.inconclusive == 1);
  CHECK(certificate.inconclusive_reasons == Strings{"timed out"});
  CHECK(certificate.states_decided == 8);
  CHECK(certificate.states_permitted == 16);
  CHECK(certificate.end == EndOfRun::kDecided);
}

TEST_CASE("a runner that fails ends the exploration with its error",
          "[replay][explorer]") {
  class Broken final : public StateRunner {
   public:
    std::string checker_name() const override { return "broken"; }

    Result<RunOutcome> run(std::size_t, const CrashState&) override {
      return fail(ErrorKind::kMissing, "no such tool");
    }
  } broken;

  const auto recording = recorded(independent_writes(3));
  Explorer explorer(recording, broken, {});
  const auto certificate = explorer.explore(durability(*recording, {}), {{0, 6}});
  REQUIRE_FALSE(certificate);
  CHECK(certificate.error().message == "no such tool");
}

TEST_CASE("a window that cannot be enumerated is an error, not a certificate",
          "[replay][explorer]") {
  History history(1, 1);
  for (int i = 0; i < 12; ++i) {
    history.submit({0}, static_cast<char>('a' + i));
  }
  Bench bench(history, &reads_nothing);
  Explorer explorer = bench.explorer();
  CHECK_FALSE(bench.try_explore(explorer));
}

TEST_CASE("progress ends with the whole", "[replay][explorer]") {
  Bench bench(independent_writes(6, 3), &reads_on);
  Progress last;
  ExplorerOptions options;
  options.on_progress = [&](const Progress& progress) { last = progress; };
  const Certificate certificate = bench.explore(options);
  CHECK(last.windows_decided == 3);
  CHECK(last.runs == certificate.runs);
  CHECK(last.share_decided == 1.0);
}

}  // namespace
}  // namespace powercut::test
