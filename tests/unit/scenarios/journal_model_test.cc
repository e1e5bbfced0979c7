// SPDX-License-Identifier: GPL-2.0-only
//
// A fault that is an order of submissions, and what is left of it where only completions
// are known.

#include "log/convert.h"
#include "tests/unit/scenarios/model_bench.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

constexpr std::uint64_t kSeeds = 4;

TEST_CASE("a journal that flushes before its writes have completed is found",
          "[models][journal]") {
  for (const bool late : {false, true}) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      CAPTURE(late, seed);
      ModelBench bench("journal", {.fault = true, .late = late, .seed = seed});
      const Certificate certificate = bench.decide();
      CHECK(certificate.complete());
      CHECK(bench.tried() > 0);
      const std::set<std::string> texts = texts_of(certificate);
      CHECK(some_contain(texts, "transaction 1 is committed, and data block"));
      CHECK(some_contain(texts, "transaction 11 is committed, and data block"));
    }
  }
}

TEST_CASE("a journal that waits for its writes is clean in every state",
          "[models][journal]") {
  for (const bool promised : {false, true}) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      CAPTURE(promised, seed);
      ModelBench bench("journal", {.seed = seed});
      const Certificate certificate = bench.decide(with_blocks(), promised);
      CHECK(certificate.complete());
      CHECK(texts_of(certificate).empty());
      CHECK(certificate.states_permitted > 100);
    }
  }
}

TEST_CASE("an order of completions does not show the journal's fault",
          "[models][journal]") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    ModelBench seen("journal",
                    {.fault = true, .order = ModelOrder::kCompletion, .seed = seed});
    const Certificate certificate = seen.decide();
    CHECK(certificate.complete());
    CHECK(texts_of(certificate).empty());
    ModelBench prefixes("journal", {.fault = true, .seed = seed});
    CHECK(texts_of(prefixes.decide(with_blocks(DeviceModel::kOrdered))).empty());
    // What completes after the flush is known not to be covered either way.
    ModelBench late(
        "journal",
        {.fault = true, .late = true, .order = ModelOrder::kCompletion, .seed = seed});
    CHECK(some_contain(texts_of(late.decide()), "is committed, and data block"));
  }
}

TEST_CASE("a log with submissions keeps the journal's fault in format 1",
          "[models][journal]") {
  // The conversion logs a flush before the writes that it does not cover.
  for (const bool fault : {false, true}) {
    CAPTURE(fault);
    ModelBench bench("journal", {.fault = fault});
    value_or_throw(
        convert(bench.recording->log(), bench.file("one"), {.target = LogFormat::k1}));
    bench.open(bench.file("one"));
    CHECK(bench.recording->log().format() == LogFormat::k1);
    CHECK(some_contain(texts_of(bench.decide()), "is committed, and data block") ==
          fault);
    // Recorded by completions, nothing is left to keep.
    ModelBench seen("journal", {.fault = fault, .order = ModelOrder::kCompletion});
    value_or_throw(
        convert(seen.recording->log(), seen.file("one"), {.target = LogFormat::k1}));
    seen.open(seen.file("one"));
    CHECK(texts_of(seen.decide()).empty());
  }
}

TEST_CASE("a transaction that is lost as a whole is missed by who was promised it",
          "[models][journal]") {
  ModelBench bench("journal");
  std::uint64_t last_commit = 0;
  const Timeline& timeline = bench.recording->timeline();
  for (const Write& write : timeline.writes()) {
    last_commit = timeline.seq_of(write);
  }
  CrashModel model = with_blocks();
  model.fault = {FaultModel::Kind::kLostWrite, last_commit};
  CHECK(texts_of(bench.decide(model)).empty());
  CHECK(texts_of(bench.decide(model, true)) ==
        std::set<std::string>{"'transaction 11' was acknowledged and is not there"});
}

}  // namespace
}  // namespace powercut::test
