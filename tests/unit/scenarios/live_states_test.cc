// SPDX-License-Identifier: GPL-2.0-only
//
// Power failures of a running stack as marks of a log, judged by a checker in memory: two
// blocks, of which the first is flushed and the second is not.

#include "scenarios/live_states.h"

#include "base/seen_digest.h"
#include "replay/state_view.h"
#include "tests/support/log_builder.h"
#include "tests/support/scratch_dir.h"
#include "workload/claims.h"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <vector>

namespace powercut::test {
namespace {

// Says "have a" and "have b" where the blocks begin with these letters.
class LetterRunner : public StateRunner {
 public:
  std::string checker_name() const override { return "letters"; }

  Result<RunOutcome> run(std::size_t, const CrashState& state) override {
    Observation seen;
    seen.claims_made = true;
    Verdict verdict;
    for (const std::uint64_t block : {0U, 1U}) {
      std::array<std::byte, 512> data = {};
      state.space->read_version(
          make_unit(0, block),
          state.space->version_at(make_unit(0, block), state.options), 0, data);
      const char letter = static_cast<char>(data[0]);
      if (letter != 0) {
        seen.claims.emplace_back(1, letter);
        verdict.output += std::string("have ") + letter + "\n";
      }
    }
    verdict.seen = std::make_shared<const Observation>(std::move(seen));
    if (unable) {
      verdict = {};
      verdict.kind = Verdict::Kind::kInconclusive;
      verdict.reason = "busy";
    }
    RunOutcome outcome;
    outcome.probes.push_back({"base", verdict, {}});
    return outcome;
  }

  bool unable = false;
};

std::string digest(const std::string& text) {
  SeenDigest digest;
  digest.add(text);
  return digest.text();
}

class Bench {
 public:
  // `flushed`: what was acknowledged was flushed too. `seen`, `model`: the script's
  // marks.
  Bench(bool flushed, const std::string& seen, const std::string& model = "") {
    Format2Builder log;
    log.mark("begin a");
    log.write(0, "a");
    if (flushed) {
      log.flush();
    }
    log.mark("ack a");
    log.mark("begin b");
    log.write(4096, "b");
    log.mark("powerfail");
    for (const std::string& text : {seen, model}) {
      if (!text.empty()) {
        log.mark(text);
      }
    }
    const ScratchDir dir;
    log.save(dir / "log");
    recording = value_or_throw(Recording::open(dir / "log", {}));
    CrashModel model_of_disk;
    model_of_disk.atomic_bytes = 4096;
    durability = std::make_shared<const Durability>(
        value_or_throw(Durability::build(recording->timeline(), model_of_disk)));
    oracle = value_or_throw(ClaimsOracle::make(recording->timeline()));
  }

  Certificate decide(bool with_oracle = true) {
    const std::vector<LiveFailure> failures =
        value_or_throw(list_live_failures(recording->timeline(), 0));
    return value_or_throw(decide_live(
        recording, durability, failures, runner, with_oracle ? oracle.get() : nullptr,
        [] { return false; },
        [this](const DecidedWindow& window) -> Status {
          told.push_back(window);
          return {};
        }));
  }

  std::vector<std::string> found() {
    std::vector<std::string> texts;
    for (const FailingClass& failing : decide().findings) {
      texts.push_back(failing.verdict.findings.at(0).summary);
    }
    return texts;
  }

  std::shared_ptr<const Recording> recording;
  std::shared_ptr<const Durability> durability;
  std::unique_ptr<ClaimsOracle> oracle;
  LetterRunner runner;
  std::vector<DecidedWindow> told;
};

TEST_CASE("a power failure that the log agrees with is clean", "[scenarios][live]") {
  Bench bench(true, "seen " + digest("have a\n"), "model kept");
  const Certificate certificate = bench.decide();
  CHECK(certificate.findings.empty());
  CHECK(certificate.complete());
  CHECK(certificate.states_decided == 1);
  CHECK(certificate.runs == 1);
  CHECK(certificate.windows_decided == 1);
  REQUIRE(bench.told.size() == 1);
  CHECK(bench.told[0].kind() == Verdict::Kind::kClean);
  CHECK(bench.told[0].decided == 1);
}

TEST_CASE("what was acknowledged and not flushed is found at the live failure too",
          "[scenarios][live]") {
  Bench bench(false, "seen " + digest(""), "model broken");
  const std::vector<std::string> found = bench.found();
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("was acknowledged") != std::string::npos);
}

TEST_CASE("that the live device and the log disagree is a finding", "[scenarios][live]") {
  Bench other(true, "seen " + digest("have a\nhave b\n"), "model kept");
  REQUIRE(other.found().size() == 1);
  CHECK(other.found()[0].find("power failure 1: on the live device something else") == 0);
  CHECK(other.told.back().kind() == Verdict::Kind::kFindings);
  CHECK(other.told.back().classes.back().probe == "live");
  Bench broken(true, "seen " + digest("have a\n"), "model broken");
  REQUIRE(broken.found().size() == 1);
  CHECK(broken.found()[0].find("the program's model was broken") != std::string::npos);
  Bench kept(false, "seen " + digest(""), "model kept");
  REQUIRE(kept.found().size() == 2);
  CHECK(kept.found()[1].find("the program's model was kept") != std::string::npos);
}

TEST_CASE("a power failure at which nothing was compared is not clean",
          "[scenarios][live]") {
  Bench unseen(true, "");
  CHECK_FALSE(unseen.decide().complete());
  CHECK(unseen.decide().inconclusive_reasons.at(0).find("nobody looked") == 0);
  Bench unable(true, "seen " + digest("have a\n"));
  unable.runner.unable = true;
  CHECK_FALSE(unable.decide().complete());
  CHECK(unable.told.back().kind() == Verdict::Kind::kInconclusive);
  // Both say nothing: equal, and worth nothing.
  Bench empty(false, "seen " + digest("bla\n"));
  CHECK_FALSE(empty.decide(false).complete());
  CHECK(empty.decide(false).findings.empty());
  // That what was acknowledged is not there says something.
  CHECK(empty.decide().complete());
  Bench none(true, "seen x");
  CHECK_FALSE(
      list_live_failures(none.recording->timeline(), none.recording->timeline().end()));
}

}  // namespace
}  // namespace powercut::test
