// SPDX-License-Identifier: GPL-2.0-only

#include "replay/oracle.h"

#include "replay/inference.h"
#include "tests/unit/replay/explorer_bench.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

// What a probe sees of the first sectors, as the bytes of an observation.
Verdict seen(std::string letters) {
  Verdict verdict;
  Observation observation;
  observation.bytes = letters;
  verdict.outcome = std::move(letters);
  verdict.seen = std::make_shared<const Observation>(std::move(observation));
  return verdict;
}

Verdict looks_at_two(FootprintReader& reader) {
  return seen(std::string() + reader.sector(0) + reader.sector(1));
}

Verdict looks_at_third(FootprintReader& reader) {
  return seen(std::string(1, reader.sector(2)));
}

// From each of its marks on, the letter of that number must be there.
class LetterOracle final : public Oracle {
 public:
  LetterOracle(const Recording& recording, std::string wanted)
      : wanted_(std::move(wanted)) {
    for (const Mark& mark : recording.timeline().marks()) {
      boundaries_.push_back(mark.at);
    }
  }

  std::string name() const override { return "letters"; }

  const std::vector<EventPos>& boundaries() const override { return boundaries_; }

  std::vector<Finding> judge(std::size_t stage,
                             const std::shared_ptr<const Observation>& base,
                             const Observation* probe) const override {
    std::vector<Finding> findings;
    const std::string& bytes = probe != nullptr ? probe->bytes : base->bytes;
    const std::size_t first = probe != nullptr ? 2 : 0;
    for (std::size_t i = 0; i < bytes.size() && first + i < stage; ++i) {
      if (bytes[i] != wanted_[first + i]) {
        const std::string text = "lost " + std::to_string(first + i);
        findings.push_back(Finding{text, text});
      }
    }
    return findings;
  }

 private:
  std::string wanted_;
  std::vector<EventPos> boundaries_;
};

std::vector<Window> windows_of(const Bench& bench, const Oracle& oracle) {
  const auto durable = durability(*bench.recording, {});
  return list_windows(bench.recording->timeline(), *durable, 0,
                      bench.recording->timeline().end(), oracle.boundaries());
}

Result<Certificate> explore(Bench& bench, const Oracle& oracle,
                            ExplorerOptions options = {}) {
  options.oracle = &oracle;
  Explorer explorer = bench.explorer(std::move(options));
  return explorer.explore(durability(*bench.recording, {}), windows_of(bench, oracle));
}

// Writes a letter, and acknowledges it after a flush, or without one.
History acknowledged(bool flushed) {
  History history(1, 4);
  history.write({0}, 'a');
  if (flushed) {
    history.flush();
  }
  history.mark("ack");
  history.write({1}, 'b');
  history.flush();
  history.mark("ack");
  return history;
}

TEST_CASE("a mark of an oracle ends a window, and what follows is a stage of its own",
          "[replay][oracle]") {
  Bench bench(acknowledged(true), looks_at_two);
  const LetterOracle oracle(*bench.recording, "ab");
  std::vector<std::size_t> stages;
  std::vector<Cut> cuts;
  for (const Window& window : windows_of(bench, oracle)) {
    stages.push_back(window.stage);
    cuts.push_back(window.cut);
  }
  // Up to the flush; up to the second flush; the end, at which nothing is pending.
  CHECK(stages == std::vector<std::size_t>{0, 1, 2});
  CHECK(cuts == std::vector<Cut>{3, 8, 10});
}

TEST_CASE("what was acknowledged after a flush is there at every later cut",
          "[replay][oracle]") {
  Bench bench(acknowledged(true), looks_at_two);
  const LetterOracle oracle(*bench.recording, "ab");
  const Certificate certificate = value_or_throw(explore(bench, oracle));
  CHECK(certificate.complete());
  CHECK(certificate.findings.empty());
  CHECK(certificate.states_permitted == 2 + 2 + 1);
}

TEST_CASE("what was acknowledged without a flush is lost, from its mark on",
          "[replay][oracle]") {
  Bench bench(acknowledged(false), looks_at_two);
  const LetterOracle oracle(*bench.recording, "ab");
  const Certificate certificate = value_or_throw(explore(bench, oracle));
  CHECK(certificate.complete());
  REQUIRE(certificate.findings.size() == 2);  // with b and without
  for (const FailingClass& failing : certificate.findings) {
    CHECK(failing.verdict.findings[0].summary == "lost 0");
    CHECK(failing.window.stage == 1);
    CHECK(failing.states == 1);
    // Its state is one of the stage in which it is a finding.
    const StateIdHead head = value_or_throw(
        parse_state_head(failing.state_id, bench.recording->timeline().end()));
    CHECK(stage_at(oracle.boundaries(), head.cut) == 1);
  }
  // The states of the first window without a mark before them are none, and the class
  // was not run again for the second.
  CHECK(certificate.runs == 4);
}

TEST_CASE("a further probe is judged by what it adds", "[replay][oracle]") {
  History history(1, 4);
  history.write({2}, 'c');
  history.mark("one");
  history.mark("two");
  history.mark("three");
  history.flush();
  Bench bench(history, {looks_at_two, looks_at_third});
  const LetterOracle oracle(*bench.recording, "..c");
  const Certificate certificate = value_or_throw(explore(bench, oracle));
  CHECK(certificate.complete());
  REQUIRE(certificate.findings.size() == 1);
  CHECK(certificate.findings[0].probe == "probe1");
  CHECK(certificate.findings[0].states == 1);
}

TEST_CASE("an oracle cannot judge a checker that tells nothing", "[replay][oracle]") {
  Bench bench(acknowledged(true), [](FootprintReader& reader) {
    reader.sector(0);
    return clean();
  });
  const LetterOracle oracle(*bench.recording, "ab");
  const Result<Certificate> certificate = explore(bench, oracle);
  REQUIRE(!certificate);
  CHECK(certificate.error().message.find("letters") != std::string::npos);
}

TEST_CASE("the inferred tier asks the oracle too", "[replay][oracle]") {
  for (const bool flushed : {true, false}) {
    Bench bench(acknowledged(flushed), looks_at_two);
    const LetterOracle oracle(*bench.recording, "ab");
    ExplorerOptions options;
    options.oracle = &oracle;
    Inference inference(bench.recording, bench.runner, options, {});
    const Certificate certificate = value_or_throw(
        inference.infer(durability(*bench.recording, {}), windows_of(bench, oracle)));
    CHECK(certificate.inferred_all());
    CHECK(certificate.findings.empty() == flushed);
  }
}

}  // namespace
}  // namespace powercut::test
