// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/raw.h"

#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

CheckerOptions for_oracle() {
  CheckerOptions options = test::with_data();
  options.observe = true;
  return options;
}

TEST_CASE("the raw checker tells all that the disk holds, unit by unit", "[checkers]") {
  const test::Image image(12 * 1024);
  image.write(5000, "hello");
  const auto checker = value_or_throw(make_checker("raw", for_oracle()));
  CHECK(checker->tier() == Tier::kProved);
  const Judgement judgement = value_or_throw(checker->run(image.subject()));
  REQUIRE(judgement.probes.size() == 4);
  const Verdict& base = judgement.probes[0].verdict;
  CHECK(base.kind == Verdict::Kind::kClean);
  REQUIRE(base.seen != nullptr);
  REQUIRE(base.seen->tree.size() == 1);
  CHECK(base.seen->tree[0].path == "/disk");
  CHECK(base.seen->tree[0].size_bytes == 12 * 1024);
  for (std::size_t i = 1; i < 4; ++i) {
    const Judgement::Probe& probe = judgement.probes[i];
    CHECK(probe.name == "data:/disk+" + std::to_string((i - 1) * 4096));
    REQUIRE(probe.verdict.seen != nullptr);
    CHECK(probe.verdict.seen->offset_bytes == (i - 1) * 4096);
    CHECK(probe.verdict.seen->bytes == image.read((i - 1) * 4096, 4096));
  }
  CHECK(judgement.probes[1].verdict.outcome == judgement.probes[3].verdict.outcome);
  CHECK(judgement.probes[1].verdict.outcome != judgement.probes[2].verdict.outcome);
  CHECK(image.probes() == std::vector<std::size_t>{1, 2, 3});
}

TEST_CASE("the last unit of a raw disk may be a short one", "[checkers]") {
  const test::Image image(4096 + 512);
  const auto checker = value_or_throw(make_checker("raw", for_oracle()));
  const Judgement judgement = value_or_throw(checker->run(image.subject()));
  REQUIRE(judgement.probes.size() == 3);
  CHECK(judgement.probes[2].verdict.seen->bytes.size() == 512);
}

TEST_CASE("without an oracle to tell it the raw checker is refused", "[checkers]") {
  for (const bool data : {false, true}) {
    CheckerOptions options;
    options.data = data;
    options.observe = !data;
    const Result<std::unique_ptr<Checker>> made = make_checker("raw", options);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().kind == ErrorKind::kUsage);
    CHECK(made.error().hint.find("--scenario") != std::string::npos);
  }
  CHECK_FALSE(make_checker("raw:x", for_oracle()).has_value());
}

}  // namespace
}  // namespace powercut
