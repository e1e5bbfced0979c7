// SPDX-License-Identifier: GPL-2.0-only
//
// The page, and the reader of what a check wrote: hostile text stays text, and numbers
// that do not hold together say nothing.

#include "report/html_page.h"

#include "report/check_file.h"
#include "report/check_report.h"
#include "tests/support/brute_force.h"
#include "tests/support/log_builder.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

using nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Pages {
  Pages() {
    History history(1, 16);
    history.write({0}, 'a');
    history.mark("</script><script>alert(1)</script>\xe2\x80\xa8\xff");
    history.flush();
    recording = recorded(history);
    context.log_path = "a</script><b>.log";
    certificate.windows = certificate.windows_decided = 1;
    certificate.states_permitted = certificate.states_decided = 2;
    certificate.runs = certificate.classes = 2;
    check.log_path = "disk.log";
    check.from = "start";
    check.to = "end";
    check.checker = "ext4";
  }

  TimelineData data() const {
    return timeline_data(*recording, *durability(*recording, {}), 0,
                         recording->timeline().end());
  }

  void add_finding(const std::string& output) {
    FailingClass failing;
    failing.state_id = "c2.w.all-0";
    failing.window = {0, 2};
    failing.windows = {0};
    failing.checker = "ext4";
    failing.probe = "base";
    failing.fault = "none";
    failing.states = 1;
    failing.verdict.kind = Verdict::Kind::kFindings;
    failing.verdict.findings = {{"key", "block 7 is lost"}};
    failing.verdict.output = output;
    certificate.findings = {failing};
  }

  json written() const {
    return json::parse(check_json(*recording, {}, check, certificate));
  }

  Result<nlohmann::ordered_json> read(const std::string& text) const {
    write_file(scratch / "check.json", text);
    return read_check_file(scratch / "check.json", *recording);
  }

  std::string refused(const json& changed) const {
    Result<nlohmann::ordered_json> result = read(changed.dump());
    return result ? "" : result.error().message;
  }

  ScratchDir scratch;
  std::shared_ptr<const Recording> recording;
  PageContext context;
  CheckContext check;
  Certificate certificate;
};

TEST_CASE("what a log holds cannot leave its element", "[html_page]") {
  Pages pages;
  const std::string page = html_page(pages.data(), pages.context);
  const std::string data = page_json(pages.data(), pages.context);
  CHECK_FALSE(contains(page, "<script>alert"));
  CHECK(data.find_first_of("<>&") == std::string::npos);
  CHECK_FALSE(contains(page, "\xe2\x80\xa8"));
  const json parsed = json::parse(data);
  CHECK(parsed["marks"][0][1] ==
        "</script><script>alert(1)</script>\xe2\x80\xa8\xef\xbf\xbd");
  CHECK(parsed["log"] == "a</script><b>.log");
}

TEST_CASE("the page asks for nothing and allows only its own script", "[html_page]") {
  Pages pages;
  const std::string page = html_page(pages.data(), pages.context);
  CHECK(contains(page, "default-src 'none'"));
  CHECK(contains(page, "script-src 'sha256-"));
  CHECK_FALSE(contains(page, "http://"));
  CHECK_FALSE(contains(page, "https://"));
  CHECK_FALSE(contains(page, " src="));
  CHECK_FALSE(contains(page, "@DATA@"));
  CHECK_FALSE(contains(page, "innerHTML"));
}

TEST_CASE("columns give back the numbers", "[html_page]") {
  Pages pages;
  const json data = json::parse(page_json(pages.data(), pages.context));
  CHECK(data["writes"]["submit"] == json::array({0}));
  CHECK(data["writes"]["complete"] == json::array({1}));
  CHECK(data["writes"]["durable"] == json::array({4}));
  CHECK(data["writes"]["by"] == json::array({0}));
  CHECK(data["barriers"]["submit"] == json::array({3}));
  CHECK(data["barriers"]["durable"] == json::array({1}));
  CHECK_FALSE(data["events"].contains("seq"));
}

TEST_CASE("a report of this log is read with its own sentence", "[check_file]") {
  Pages pages;
  const nlohmann::ordered_json read = value_or_throw(pages.read(pages.written().dump()));
  CHECK(read["kind"] == "check");
  CHECK(read["verdict"] == "every permitted state is clean");
  CHECK(read["outcome"] == "proved");
}

TEST_CASE("what a budget ended never reads as a proof", "[check_file]") {
  Pages pages;
  pages.certificate.states_decided = 1;
  pages.certificate.windows_decided = 0;
  pages.certificate.end = EndOfRun::kMaxRuns;
  const nlohmann::ordered_json read = value_or_throw(pages.read(pages.written().dump()));
  CHECK(read["outcome"] == "partial");
  CHECK(contains(read["verdict"], "clean as far as it went, NOT complete"));
  CHECK_FALSE(contains(read.dump(), "every permitted state is clean"));
}

TEST_CASE("a finding is read with its explanation", "[check_file]") {
  Pages pages;
  pages.add_finding("</script>");
  json written = pages.written();
  written["findings"][0]["explanation"] = {
      {"text", "write 0 is missing"},
      {"writes", {{{"seq", 0}, {"holds", "inode 12"}, {"covered_by", nullptr}}}}};
  const nlohmann::ordered_json read = value_or_throw(pages.read(written.dump()));
  CHECK(read["outcome"] == "findings");
  const nlohmann::ordered_json& finding = read["findings"][0];
  CHECK(finding["seq"] == 1);
  CHECK(finding["states"] == "1");
  CHECK(finding["explanation"]["text"] == "write 0 is missing");
  CHECK(finding["explanation"]["writes"][0]["holds"] == "inode 12");
  CHECK_FALSE(finding["explanation"]["writes"][0].contains("covered_by"));
  pages.context.checks = {read};
  CHECK_FALSE(contains(page_json(pages.data(), pages.context), "</script>"));
}

TEST_CASE("mutations are read with the weight of each flush", "[check_file]") {
  Pages pages;
  Mutation mutation;
  mutation.flush = 1;
  mutation.seq = 3;
  mutation.writes = 1;
  mutation.certificate = pages.certificate;
  Mutation heavy = mutation;
  pages.add_finding("");
  heavy.certificate = pages.certificate;
  const std::string text =
      mutation_json(*pages.recording, {}, pages.check, {mutation, heavy});
  const nlohmann::ordered_json read = value_or_throw(pages.read(text));
  CHECK(read["kind"] == "mutations");
  CHECK(read["verdict"] == "1 of 2 flushes carry weight");
  CHECK(read["mutations"][0]["carries_weight"] == false);
  CHECK(read["mutations"][0]["verdict"] ==
        "redundant here: every state without it is clean");
  CHECK(read["mutations"][1]["carries_weight"] == true);
  CHECK(contains(read["mutations"][1]["verdict"], "CARRIES WEIGHT: "));
}

TEST_CASE("what is no report of this log is refused with a reason", "[check_file]") {
  Pages pages;
  pages.add_finding("");
  const json good = pages.written();
  CHECK(pages.refused(good) == "");
  CHECK(contains(pages.read("{").error().message, "is no JSON"));
  CHECK(contains(pages.read("[]").error().message, "is no report of a check"));
  CHECK(contains(pages.read("{}").error().message, "is no report of a check"));
  CHECK(contains(pages.read("").error().message, "is no JSON"));
  json changed = good;
  changed["log_digest"] = "0123456789abcdef";
  CHECK(contains(pages.refused(changed), "is of another log"));
  changed = good;
  changed["findings"][0]["cut"] = 99;
  CHECK(contains(pages.refused(changed), "beyond the end of the log"));
  changed = good;
  changed["findings"][0]["summary"] = 7;
  CHECK(contains(pages.refused(changed), "is no report of a check"));
  changed = good;
  changed["states_decided"] = "-1";
  CHECK(contains(pages.refused(changed), "'states_decided' is no number"));
  changed = good;
  changed["states_decided"] = "3";
  CHECK(contains(pages.refused(changed), "contradict"));
  changed = good;
  changed["states_permitted"] = "99";
  CHECK(contains(pages.refused(changed), "contradict"));
  changed = good;
  changed["states_permitted"] = changed["states_decided"] = "0";
  CHECK(pages.refused(changed) == "");
}

}  // namespace
}  // namespace powercut::test
