// SPDX-License-Identifier: GPL-2.0-only
//
// The ledger of acknowledgements: what the base has to claim, and what a probe has to.

#include "workload/claims.h"

#include "replay/recording.h"
#include "tests/support/log_builder.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

std::shared_ptr<const Recording> recorded(const std::vector<std::string>& marks) {
  const ScratchDir dir;
  Format2Builder log;
  log.write(0, "x");
  for (const std::string& text : marks) {
    log.mark(text);
  }
  log.save(dir / "log");
  return value_or_throw(Recording::open(dir / "log", {}));
}

std::shared_ptr<const Observation> seen(std::vector<std::string> claims,
                                        std::vector<std::string> labels = {}) {
  Observation observation;
  observation.claims_made = true;
  observation.claims = std::move(claims);
  observation.claim_labels = std::move(labels);
  return std::make_shared<const Observation>(std::move(observation));
}

std::vector<std::string> texts(const std::vector<Finding>& findings) {
  std::vector<std::string> all;
  for (const Finding& finding : findings) {
    all.push_back(finding.summary);
  }
  return all;
}

TEST_CASE("what a probe has to claim is missing from the probe and not from the base",
          "[workload][claims]") {
  const auto recording = recorded({"begin block 1: generation 1", "begin all",
                                   "ack block 1: generation 1", "ack all"});
  const auto oracle = value_or_throw(ClaimsOracle::make(recording->timeline()));
  const std::size_t end = oracle->boundaries().size();
  const auto base = seen({"all"}, {"block 0", "block 1"});
  CHECK(texts(oracle->judge(end, base, nullptr)).empty());
  const auto whole = seen({"block 1: generation 1"}, {"block 1"});
  CHECK(texts(oracle->judge(end, base, whole.get())).empty());
  const auto lost = seen({}, {"block 1"});
  CHECK(texts(oracle->judge(end, base, lost.get())) ==
        std::vector<std::string>{
            "'block 1: generation 1' was acknowledged and is not there"});
  // Another block has nothing to do with it.
  const auto other = seen({}, {"block 0"});
  CHECK(texts(oracle->judge(end, base, other.get())).empty());
  // Nothing was acknowledged before its mark.
  CHECK(texts(oracle->judge(2, base, lost.get())).empty());
}

TEST_CASE("what no probe speaks of is missing from the base", "[workload][claims]") {
  const auto recording = recorded({"ack block 7: generation 1"});
  const auto oracle = value_or_throw(ClaimsOracle::make(recording->timeline()));
  const auto base = seen({}, {"block 0", "block 1"});
  CHECK(texts(oracle->judge(1, base, nullptr)) ==
        std::vector<std::string>{
            "'block 7: generation 1' was acknowledged and is not there"});
}

TEST_CASE("a probe may not claim what was never begun", "[workload][claims]") {
  const auto recording = recorded({"ack block 0: generation 1"});
  const auto oracle = value_or_throw(ClaimsOracle::make(recording->timeline()));
  const auto base = seen({}, {"block 0"});
  const auto probe =
      seen({"block 0: generation 1", "block 0: generation 2"}, {"block 0"});
  CHECK(texts(oracle->judge(1, base, probe.get())) ==
        std::vector<std::string>{"'block 0: generation 2' is there and was never begun"});
}

}  // namespace
}  // namespace powercut
