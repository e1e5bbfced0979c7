// SPDX-License-Identifier: GPL-2.0-only
//
// What a person and what a program reads of a certificate: "proved" and "as far as it
// went" must never look alike.

#include "report/check_report.h"

#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace powercut::test {
namespace {

using nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A small check, told from its parts.
struct Report {
  Report() {
    History history(1, 4);
    history.write({0}, 'a');
    history.write({1}, 'b');
    history.flush();
    recording = recorded(history);
    context.log_path = "disk.log";
    context.from = "start";
    context.to = "end";
    context.checker = "ext4";
    context.state_flags = " --size 2K";
    context.check_flags = " --from mark:mkfs";
    certificate.windows = 1;
    certificate.windows_decided = 1;
    certificate.most_pending = 2;
    certificate.states_permitted = 4;
    certificate.states_decided = 4;
    certificate.classes = 3;
    certificate.runs = 2;
    certificate.memo_hits = 1;
    certificate.seconds = 0.5;
  }

  void stop_after(std::uint64_t states, EndOfRun end) {
    certificate.states_decided = states;
    certificate.windows_decided = 0;
    certificate.end = end;
  }

  void add_finding() {
    FailingClass failing;
    failing.state_id = "c5.w.all-0";
    failing.window = {0, 5};
    failing.checker = "ext4";
    failing.probe = "base";
    failing.fault = "none";
    failing.verdict.kind = Verdict::Kind::kFindings;
    failing.verdict.findings = {{"0x040003 ino=12", "ref count is 5"}, {"x", "y"}};
    failing.verdict.output = "Pass 4\xff\n";
    failing.states = 2;
    failing.windows = {0};
    certificate.findings.push_back(failing);
  }

  std::string text() const { return check_text(*recording, model, context, certificate); }

  json parsed() const {
    return json::parse(check_json(*recording, model, context, certificate));
  }

  std::string verdict() const {
    const std::string all = text();
    return all.substr(all.find("verdict"));
  }

  std::shared_ptr<const Recording> recording;
  CrashModel model;
  CheckContext context;
  Certificate certificate;
};

TEST_CASE("a complete and clean check, as text", "[report]") {
  const Report report;
  CHECK(report.text() ==
        "log        disk.log: format 2, in memory, 2 writes, 1 flush\n"
        "range      start to end\n"
        "model      volatile-cache, atomic: whole writes, fault: none\n"
        "checker    ext4, 1 job, seed 1\n"
        "windows    1, the largest with 2 pending\n"
        "permitted  4 states\n"
        "decided    4 states (all)\n"
        "classes    3, by 2 checker runs and 1 from what earlier runs decided\n"
        "verdict    every permitted state is clean (0.50 s)\n");
}

TEST_CASE("clean as far as it went is another sentence, with the reason", "[report]") {
  Report report;
  report.stop_after(3, EndOfRun::kMaxRuns);
  CHECK(report.verdict() ==
        "verdict    clean as far as it went, NOT complete: 1 of the permitted states "
        "were not decided because --max-runs was reached (0.50 s)\n");
  CHECK(contains(report.text(), "decided    3 states (75.00 %)\n"));
  CHECK_FALSE(contains(report.text(), "every permitted state"));
}

TEST_CASE("each end of a run has its reason", "[report]") {
  Report report;
  const std::vector<std::pair<EndOfRun, std::string>> reasons = {
      {EndOfRun::kTime, "--time was over"},
      {EndOfRun::kStopAfter, "--stop-after was reached"},
      {EndOfRun::kInterrupted, "it was interrupted"}};
  for (const auto& [end, reason] : reasons) {
    report.stop_after(1, end);
    CHECK(contains(report.verdict(), "NOT complete"));
    CHECK(contains(report.verdict(), "because " + reason));
  }
}

TEST_CASE("nothing decided says that it says nothing", "[report]") {
  Report report;
  report.stop_after(0, EndOfRun::kInterrupted);
  CHECK(contains(report.verdict(), "NOTHING WAS DECIDED"));
}

TEST_CASE("an inconclusive class is named and takes completeness away", "[report]") {
  Report report;
  report.certificate.states_decided = 2;
  report.certificate.inconclusive = 1;
  report.certificate.inconclusive_reasons = {"e2fsck: timed out"};
  CHECK(contains(report.text(), "inconclusive  e2fsck: timed out\n"));
  CHECK(contains(report.verdict(), "NOT complete: 2 of the permitted states"));
  CHECK_FALSE(report.parsed()["complete"].get<bool>());
}

TEST_CASE("a small share is not rounded to nothing or to all", "[report]") {
  Report report;
  report.certificate.states_permitted = BigCount(1) << 100;
  report.stop_after(7, EndOfRun::kTime);
  CHECK(contains(report.text(), "7 states (less than 0.01 %)\n"));
  CHECK(contains(report.text(), "permitted  1.26 * 10^30 states\n"));
  report.certificate.states_decided = report.certificate.states_permitted - 1;
  CHECK(contains(report.text(), "(99.99 %)\n"));
}

TEST_CASE("a finding names the state, how to rebuild it and what failed", "[report]") {
  Report report;
  report.add_finding();
  const std::string text = report.text();
  CHECK(contains(text,
                 "finding    ref count is 5 (and 1 more)\n"
                 "           2 states in 1 window\n"
                 "           reproduce: powercut check disk.log --state c5.w.all-0 "
                 "--size 2K --from mark:mkfs\n"
                 "           look:      powercut mount disk.log --state c5.w.all-0 "
                 "--size 2K\n"));
  CHECK(report.verdict() ==
        "verdict    FINDINGS: 2 of 4 decided states cannot be recovered from (0.50 s)\n");
}

TEST_CASE("a finding under a fault says so", "[report]") {
  Report report;
  report.add_finding();
  report.certificate.findings[0].fault = "ignore-fua";
  CHECK(contains(report.text(), "2 states in 1 window, under the fault ignore-fua\n"));
}

TEST_CASE("many findings are cut short in the text, not in the JSON", "[report]") {
  Report report;
  for (char i = 0; i < 15; ++i) {
    report.add_finding();
    report.certificate.findings.back().verdict.findings[0].key[0] =
        static_cast<char>('a' + i);
  }
  CHECK(contains(report.text(), "... and 5 more (--json has them all)\n"));
  CHECK(report.parsed()["findings"].size() == 15);
}

TEST_CASE("what has one cause is told once, and counted", "[report]") {
  Report report;
  for (const char* inode : {"12", "13", "14"}) {
    report.add_finding();
    report.certificate.findings.back().verdict.findings[0].key =
        std::string("0x040003 ino=") + inode;
  }
  const std::string text = report.text();
  CHECK(contains(text, "and 2 more classes of this kind\n"));
  CHECK(text.find("reproduce:") == text.rfind("reproduce:"));
  CHECK(report.parsed()["findings"].size() == 3);
}

TEST_CASE("what was subtracted and what was audited is in the text", "[report]") {
  Report report;
  report.context.baseline = {"0x05000f"};
  report.certificate.audit_share = 0.1;
  report.certificate.audited = 12;
  CHECK(contains(report.text(),
                 "baseline   subtracted, it is there without a crash: "
                 "0x05000f\n"));
  CHECK(contains(report.text(), "audit      12 closed states run for real, all agree\n"));
}

TEST_CASE("the JSON has every number, counts of states as strings", "[report]") {
  Report report;
  report.certificate.audited = 5;
  const json all = report.parsed();
  CHECK(all["windows"] == 1);
  CHECK(all["states_permitted"] == "4");
  CHECK(all["states_decided"] == "4");
  CHECK(all["classes"] == 3);
  CHECK(all["runs"] == 2);
  CHECK(all["memo_hits"] == 1);
  CHECK(all["audited"] == 5);
  CHECK(all["findings"] == json::array());
  CHECK(all["inconclusive"] == 0);
  CHECK(all["complete"] == true);
  CHECK(all["ended"] == "decided");
  CHECK(all["seconds"] == 0.5);
  CHECK(all["log_format"] == 2);
  CHECK(all["model"] == "volatile-cache");
  CHECK(all["atomic_unit"] == "write");
}

TEST_CASE("the JSON names an atomic unit by its bytes", "[report]") {
  Report report;
  report.model.atomic_bytes = 4096;
  CHECK(report.parsed()["atomic_unit"] == 4096);
  CHECK(contains(report.text(), "atomic: 4096 bytes"));
}

TEST_CASE("a JSON finding has its id, window, checker and summary", "[report]") {
  Report report;
  report.add_finding();
  const json finding = report.parsed()["findings"].at(0);
  CHECK(finding["id"] == "c5.w.all-0");
  CHECK(finding["window"] == 0);
  CHECK(finding["windows"] == json::array({0}));
  CHECK(finding["checker"] == "ext4");
  CHECK(finding["summary"] == "ref count is 5 (and 1 more)");
  CHECK(finding["states"] == "2");
  CHECK(finding["complaints"].at(0)["key"] == "0x040003 ino=12");
  CHECK(finding["output"] == "Pass 4\xef\xbf\xbd\n");
}

TEST_CASE("an incomplete check says so in the JSON", "[report]") {
  Report report;
  report.stop_after(3, EndOfRun::kStopAfter);
  CHECK(report.parsed()["complete"] == false);
  CHECK(report.parsed()["ended"] == "stop-after");
}

TEST_CASE("a mutation's verdict tells weight, redundancy and not knowing", "[report]") {
  Report report;
  Mutation mutation{1, 4, 2, report.certificate};
  CHECK(mutation_verdict(mutation) == "redundant here: every state without it is clean");
  mutation.certificate.states_decided = 1;
  CHECK(mutation_verdict(mutation) == "not decided: 1 of 4 states clean");
  mutation.writes = 0;
  CHECK(mutation_verdict(mutation) == "makes nothing durable that was not");
  report.add_finding();
  mutation.certificate = report.certificate;
  CHECK(mutation_verdict(mutation) == "CARRIES WEIGHT: ref count is 5 (and 1 more)");
}

TEST_CASE("a table of mutations ends with the count and a command", "[report]") {
  Report report;
  report.add_finding();
  const std::vector<Mutation> mutations = {{1, 4, 2, report.certificate}};
  const std::string text = mutation_text(report.context, mutations);
  CHECK(contains(text, "1 of 1 flush carry weight\n"));
  CHECK(contains(text,
                 "--state c5.w.all-0 --size 2K --from mark:mkfs --fault "
                 "ignore-flush:1\n"));
  const json all = json::parse(
      mutation_json(*report.recording, report.model, report.context, mutations));
  CHECK(all["mutations"].at(0)["flush"] == 1);
  CHECK(all["mutations"].at(0)["carries_weight"] == true);
}

}  // namespace
}  // namespace powercut::test
