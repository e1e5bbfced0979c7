// SPDX-License-Identifier: GPL-2.0-only
//
// The example of docs/writing-a-checker.md works, and is what the page shows.

#include "tests/support/example_checker.h"

#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

namespace powercut {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(std::string(POWERCUT_SOURCE_DIR "/") + path);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Judgement judge(const test::Image& image) {
  return value_or_throw(test::make_notes_checker()->run(image.subject()));
}

TEST_CASE("the example is silent on sound notes and fires on lost ones",
          "[checkers][example]") {
  const test::Image image(4096);
  CHECK(judge(image).probes.at(0).verdict.findings.at(0).blinding);
  image.write(0, "NOTES 2");
  image.write(512, "1 first");
  image.write(1024, "2 second");
  const Judgement sound = judge(image);
  REQUIRE(sound.probes.size() == 3);
  for (const Judgement::Probe& probe : sound.probes) {
    CHECK(probe.verdict.kind == Verdict::Kind::kClean);
  }
  image.write(1024, std::string(512, '\0'));
  const Judgement lost = judge(image);
  CHECK(lost.probes.at(1).verdict.kind == Verdict::Kind::kClean);
  CHECK(lost.probes.at(2).name == "note:2");
  CHECK(lost.probes.at(2).verdict.findings.at(0).key == "a note is lost");
}

TEST_CASE("the page shows the example as it is", "[checkers][example]") {
  const std::string page = text_of("docs/writing-a-checker.md");
  const std::string code = text_of("tests/support/example_checker.cc");
  CHECK(page.find("```cpp\n" + code + "```\n") != std::string::npos);
}

}  // namespace
}  // namespace powercut
