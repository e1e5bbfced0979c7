// SPDX-License-Identifier: GPL-2.0-only

#include "report/comparison.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace powercut {
namespace {

using nlohmann::json;

ComparedSide side(const std::string& name,
                  const std::vector<std::pair<std::string, std::string>>& kinds,
                  bool whole = true) {
  json report = {
      {"complete", whole}, {"inferred_all", false}, {"findings", json::array()}};
  for (const auto& [signature, states] : kinds) {
    report["findings"].push_back({{"signature", signature},
                                  {"summary", "it is " + signature},
                                  {"states", states}});
  }
  return value_or_throw(compared_side(name, report.dump()));
}

TEST_CASE("new, gone, changed and the same", "[report][comparison]") {
  const Comparison comparison =
      compare_sides(side("a", {{"stays", "1"}, {"goes", "2"}, {"grows", "3"}}),
                    side("b", {{"grows", "30"}, {"stays", "1"}, {"comes", "4"}}));
  CHECK(comparison_text(comparison) ==
        "NEW        it is comes (4 states)\n"
        "gone       it is goes (2 states)\n"
        "changed    it is grows (3 states before, 30 now)\n"
        "same       it is stays (1 state)\n"
        "compared   a and b: 1 new, 1 gone, 1 changed, 1 the same\n");
  const json parsed = json::parse(comparison_json(comparison));
  CHECK(parsed["new"][0]["key"] == "comes");
  CHECK(parsed["gone"][0]["states_b"] == "");
  CHECK(parsed["changed"][0]["states_a"] == "3");
  CHECK(parsed["whole"] == true);
}

TEST_CASE("several classes of a kind are one", "[report][comparison]") {
  const Comparison comparison =
      compare_sides(side("a", {}), side("b", {{"x", "1"}, {"x", "5"}}));
  REQUIRE(comparison.fresh.size() == 1);
  CHECK(comparison.fresh[0].states_b == "1");
}

TEST_CASE("what was not decided may only not have been found", "[report][comparison]") {
  const Comparison comparison =
      compare_sides(side("a", {{"x", "1"}}), side("b", {}, false));
  CHECK_FALSE(comparison.whole);
  CHECK(comparison_text(comparison).find("b did not decide all") != std::string::npos);
}

TEST_CASE("findings in recoveries count, and recoveries that were not decided",
          "[report][comparison]") {
  json report = {{"complete", true},
                 {"inferred_all", false},
                 {"ended", "decided"},
                 {"findings", json::array()}};
  const ComparedSide sound = value_or_throw(compared_side("a", report.dump()));
  report["recoveries"] = {report, report};
  report["recoveries"][1]["findings"] = {
      {{"signature", "s"}, {"summary", "lost"}, {"states", "2"}}};
  const ComparedSide broken = value_or_throw(compared_side("b", report.dump()));
  CHECK(broken.whole);
  const Comparison comparison = compare_sides(sound, broken);
  REQUIRE(comparison.fresh.size() == 1);
  CHECK(comparison.fresh[0].summary == "in recovery: lost");
  report["recoveries"][0]["complete"] = false;
  CHECK_FALSE(value_or_throw(compared_side("b", report.dump())).whole);
}

TEST_CASE("what was interrupted did not decide all", "[report][comparison]") {
  const json check = {{"complete", true},
                      {"inferred_all", false},
                      {"ended", "interrupted"},
                      {"findings", json::array()}};
  CHECK_FALSE(value_or_throw(compared_side("b", check.dump())).whole);
  const json run = {{"scenarios", json::array()}, {"interrupted", true}};
  CHECK_FALSE(value_or_throw(compared_side("b", run.dump())).whole);
}

TEST_CASE("scenarios are compared by name and words", "[report][comparison]") {
  const auto run = [](const char* result, const char* complaint) {
    const json report = {
        {"scenarios",
         {{{"name", "one"},
           {"result", result},
           {"findings",
            {{{"id", "c1"}, {"states", "7"}, {"complaints", {complaint}}}}}}}}};
    return value_or_throw(compared_side("r", report.dump()));
  };
  CHECK(
      compare_sides(run("unexpected", "lost inode 12"), run("unexpected", "lost inode 9"))
          .same.size() == 1);
  CHECK(
      compare_sides(run("unexpected", "lost"), run("unexpected", "stale")).fresh.size() ==
      1);
  CHECK_FALSE(run("inconclusive", "x").whole);
  CHECK(run("as-expected", "x").whole);
}

TEST_CASE("other files are refused", "[report][comparison]") {
  for (const char* bad : {"", "{}", "hello", "{\"findings\": 3}"}) {
    INFO(bad);
    CHECK_FALSE(compared_side("x", bad));
  }
}

}  // namespace
}  // namespace powercut
