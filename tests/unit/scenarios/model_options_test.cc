// SPDX-License-Identifier: GPL-2.0-only

#include "tests/unit/scenarios/model_bench.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

std::string refusal(const std::string& name, const ModelOptions& options) {
  const ScratchDir dir;
  const Status status =
      record_model(value_or_throw(find_model(name)), options, dir / "log");
  return status ? "recorded" : status.error().message;
}

TEST_CASE("options without an effect are refused", "[models]") {
  CHECK(refusal("clone", {.shared_domain = true}) == "recorded");
  CHECK(refusal("order", {.shared_domain = true}) ==
        "the model order has one device: there is nothing to share");
  CHECK(refusal("journal", {.fault = true, .late = true}) == "recorded");
  CHECK(refusal("journal", {.late = true}) == "the model journal is not late");
  CHECK(refusal("clone", {.fault = true, .late = true}) == "the model clone is not late");
}

TEST_CASE("every model has a checker of its name", "[models]") {
  for (const ModelKind& kind : model_kinds()) {
    CAPTURE(kind.name);
    const auto checker = make_checker("model:" + kind.name, {});
    REQUIRE(checker);
    CHECK((*checker)->name() == "model:" + kind.name);
  }
  CHECK(find_model("raid").error().hint == "models are clone, journal, order");
  CHECK(make_checker("model:raid", {}).error().message == "there is no model 'raid'");
}

TEST_CASE("a checker refuses the log of another model", "[models]") {
  ModelBench bench("order");
  CheckerRunner runner(value_or_throw(make_checker("model:journal", {})));
  const CrashState state{
      StateSpace::linear(bench.recording, bench.recording->timeline().end()), {}};
  const Result<RunOutcome> outcome = runner.run(0, state);
  REQUIRE(!outcome);
  CHECK(outcome.error().message ==
        "the checker model:journal looks at one device of 94208 bytes, and the log has "
        "others");
}

TEST_CASE("a log that cannot be written is an error", "[models]") {
  CHECK(!record_model(value_or_throw(find_model("order")), {}, "/dev/full"));
}

}  // namespace
}  // namespace powercut::test
