// SPDX-License-Identifier: GPL-2.0-only
//
// Reports as test cases: what was not decided never passes, and hostile text stays text.

#include "report/test_cases.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace powercut {
namespace {

using nlohmann::json;
using Kind = TestCase::Kind;

json a_check() {
  return {{"log", "run.log"},
          {"checker", "ext4"},
          {"model", "volatile-cache"},
          {"seconds", 0.5},
          {"states_permitted", "100"},
          {"states_decided", "100"},
          {"inferred_all", false},
          {"tier", "proved"},
          {"runs", 7},
          {"windows_decided", 3},
          {"inconclusive", 0},
          {"complete", true},
          {"ended", "decided"},
          {"findings", json::array()},
          {"inconclusive_reasons", json::array()}};
}

json a_finding(const std::string& signature, const std::string& summary) {
  return {{"signature", signature},
          {"summary", summary},
          {"states", "12"},
          {"id", "c5.w.all-3"},
          {"reproduce", "powercut check run.log --state c5.w.all-3"},
          {"output", "Pass 1\nbad\n"}};
}

TestSuite suite_of(const json& report) {
  return value_or_throw(test_suite_of(report.dump()));
}

TEST_CASE("a check is a case, and one for each kind of finding", "[report][test_cases]") {
  json report = a_check();
  CHECK(suite_of(report).cases.size() == 1);
  CHECK(suite_of(report).cases[0].kind == Kind::kPassed);
  report["findings"] = {a_finding("s1", "first"), a_finding("s2", "second"),
                        a_finding("s1", "third")};
  const TestSuite suite = suite_of(report);
  REQUIRE(suite.cases.size() == 3);
  CHECK(suite.cases[1].kind == Kind::kFailed);
  CHECK(suite.cases[1].message == "first (and 1 more classes of this kind)");
  CHECK(suite.cases[1].details.find("--state c5.w.all-3") != std::string::npos);
  CHECK(suite.cases[2].message == "second");
}

TEST_CASE("explained findings are one case for each cause", "[report][test_cases]") {
  json report = a_check();
  const auto explained = [](const std::string& signature, const std::string& cause) {
    json finding = a_finding("ext4 base | " + signature + " | " + cause, signature);
    finding["cause"] = cause;
    return finding;
  };
  report["findings"] = {explained("0x05000a", "lost bitmap (flushed too early)"),
                        explained("0x05000b", "lost bitmap (flushed too early)"),
                        explained("0x05000a", "lost superblock (in flight)")};
  const TestSuite suite = suite_of(report);
  REQUIRE(suite.cases.size() == 3);
  CHECK(suite.cases[1].name == "finding: ext4 base | lost bitmap (flushed too early)");
  CHECK(suite.cases[1].message == "0x05000a (and 1 more classes of this kind)");
  CHECK(suite.cases[2].name == "finding: ext4 base | lost superblock (in flight)");
}

TEST_CASE("what was not decided does not pass", "[report][test_cases]") {
  json report = a_check();
  report["complete"] = false;
  report["ended"] = "time";
  report["states_decided"] = "40";
  CHECK(suite_of(report).cases[0].kind == Kind::kSkipped);
  CHECK(suite_of(report).cases[0].message.find("not complete (time)") == 0);
  report["states_decided"] = "0";
  CHECK(suite_of(report).cases[0].kind == Kind::kError);
  report = a_check();
  report["inconclusive"] = 1;
  report["inconclusive_reasons"] = {"timed\nout"};
  CHECK(suite_of(report).cases[0].kind == Kind::kError);
  CHECK(suite_of(report).cases[0].details == "timed out\n");
  report = a_check();
  report["complete"] = false;
  report["inferred_all"] = true;
  report["tier"] = "inferred";
  CHECK(suite_of(report).cases[0].kind == Kind::kPassed);
  CHECK(suite_of(report).cases[0].message.find("no proof") != std::string::npos);
  report["inferred_all"] = false;
  report["windows_decided"] = 0;
  CHECK(suite_of(report).cases[0].kind == Kind::kError);
}

TEST_CASE("recoveries are a part of what was to be decided", "[report][test_cases]") {
  json report = a_check();
  report["recoveries"] = {a_check(), a_check()};
  CHECK(suite_of(report).cases.size() == 1);
  CHECK(suite_of(report).cases[0].kind == Kind::kPassed);
  report["recoveries"][1]["findings"] = {a_finding("s1", "first")};
  REQUIRE(suite_of(report).cases.size() == 2);
  CHECK(suite_of(report).cases[1].kind == Kind::kFailed);
  CHECK(suite_of(report).cases[1].name == "finding: in recovery: s1");
  report["recoveries"][0]["complete"] = false;
  CHECK(suite_of(report).cases[0].kind == Kind::kSkipped);
  report["recoveries"][0]["inconclusive"] = 1;
  report["recoveries"][0]["inconclusive_reasons"] = {"killed"};
  CHECK(suite_of(report).cases[0].kind == Kind::kError);
  CHECK(suite_of(report).cases[0].details == "killed\n");
  report = a_check();
  report["ended"] = "interrupted";
  CHECK(suite_of(report).cases[0].kind == Kind::kSkipped);
}

TEST_CASE("a scenario that a budget ended is skipped", "[report][test_cases]") {
  json report = {{"scenarios",
                  {{{"name", "one"},
                    {"result", "inconclusive"},
                    {"why", "not every permitted state was decided"},
                    {"record_seconds", 1.0},
                    {"check_seconds", 1.0},
                    {"states_decided", "7"},
                    {"inconclusive", 0},
                    {"findings", json::array()}}}}};
  CHECK(suite_of(report).cases[0].kind == Kind::kSkipped);
  report["scenarios"][0]["states_decided"] = "0";
  CHECK(suite_of(report).cases[0].kind == Kind::kError);
  report["scenarios"][0]["states_decided"] = "7";
  report["scenarios"][0]["inconclusive"] = 2;
  CHECK(suite_of(report).cases[0].kind == Kind::kError);
}

TEST_CASE("a run is a case a scenario", "[report][test_cases]") {
  json report = {{"scenarios", json::array()}};
  for (const char* result : {"as-expected", "unexpected", "workload-failed",
                             "inconclusive", "skipped", "odd"}) {
    report["scenarios"].push_back(
        {{"name", result},
         {"result", result},
         {"why", "because"},
         {"record_seconds", 1.0},
         {"check_seconds", 0.25},
         {"findings", {{{"id", "c1.w.all"}, {"complaints", {"lost /a"}}}}}});
  }
  const TestSuite suite = suite_of(report);
  const std::vector<Kind> kinds = {Kind::kPassed, Kind::kFailed,  Kind::kError,
                                   Kind::kError,  Kind::kSkipped, Kind::kError};
  REQUIRE(suite.cases.size() == kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    CHECK(suite.cases[i].kind == kinds[i]);
    CHECK(suite.cases[i].seconds == 1.25);
  }
  CHECK(suite.cases[1].details == "state c1.w.all\n  lost /a\n");
}

TestSuite a_suite() {
  TestSuite suite;
  suite.name = "powercut run";
  suite.cases = {{"good", Kind::kPassed, "fine", "", 1},
                 {"bad <&\"#", Kind::kFailed, "a <b> & \x01", "line 1\nline 2\n", 2},
                 {"odd", Kind::kError, "why", "", 0},
                 {"missing", Kind::kSkipped, "no #tool", "", 0}};
  return suite;
}

TEST_CASE("JUnit's XML", "[report][test_cases]") {
  CHECK(junit_xml(a_suite()) ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "<testsuite name=\"powercut run\" tests=\"4\" failures=\"1\" errors=\"1\" "
        "skipped=\"1\" time=\"3.000\">\n"
        "<testcase classname=\"powercut run\" name=\"good\" time=\"1.000\">"
        "<system-out>fine</system-out></testcase>\n"
        "<testcase classname=\"powercut run\" name=\"bad &lt;&amp;&quot;#\" "
        "time=\"2.000\"><failure message=\"a &lt;b&gt; &amp; ?\">line 1\nline 2\n"
        "</failure></testcase>\n"
        "<testcase classname=\"powercut run\" name=\"odd\" time=\"0.000\">"
        "<error message=\"why\"></error></testcase>\n"
        "<testcase classname=\"powercut run\" name=\"missing\" time=\"0.000\">"
        "<skipped message=\"no #tool\"></skipped></testcase>\n"
        "</testsuite>\n</testsuites>\n");
}

TEST_CASE("KTAP", "[report][test_cases]") {
  CHECK(ktap_text(a_suite()) ==
        "KTAP version 1\n1..4\nok 1 good\n"
        "# a <b> & \x01\n# line 1\n# line 2\nnot ok 2 bad <&\"*\n"
        "# why\nnot ok 3 odd\nok 4 missing # SKIP no *tool\n");
}

TEST_CASE("annotations for GitHub", "[report][test_cases]") {
  TestSuite suite = a_suite();
  suite.cases[1].name = "a:b,c%";
  suite.cases[1].message = "100%";
  const std::string text = github_annotations(suite);
  CHECK(text.find("::error title=powercut run%2C a%3Ab%2Cc%25::100%25%0Aline 1%0Aline "
                  "2%0A\n") == 0);
  CHECK(text.find("::notice title=powercut run%2C missing::") != std::string::npos);
  CHECK(text.find("good") == std::string::npos);
}

TEST_CASE("other JSON makes no cases", "[report][test_cases]") {
  for (const char* bad : {"", "{}", "[]", "nonsense", "{\"scenarios\": [1]}"}) {
    INFO(bad);
    CHECK_FALSE(test_suite_of(bad));
  }
}

}  // namespace
}  // namespace powercut
