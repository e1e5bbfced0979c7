// SPDX-License-Identifier: GPL-2.0-only
//
// The text of an explanation, to the byte: it is what people read of a finding.

#include "report/explanation.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace powercut {
namespace {

Explanation an_explanation() {
  Explanation it;
  it.finding_id = "c40.w.all-5-9-12";
  it.log = "run.log";
  it.probe = "base";
  it.checker = "ext4";
  it.against = Reduction::Against::kAllLanded;
  it.reduced_id = "c40.w.all-9";
  it.sound_id = "c40.w.all";
  it.pending = 12;
  it.missing_before = 3;
  ExplainedWrite write;
  write.seq = 9;
  write.time_ns = 1'500'000;
  write.pid = 45;
  write.comm = "kworker/0:1";
  write.op = "write";
  write.offset_bytes = 102400;
  write.length_bytes = 4096;
  write.flags = {"META"};
  write.holds = "inode bitmap of group 0";
  write.cover = "no flush of its disk follows it in the log";
  it.writes.push_back(write);
  it.complaints = {"Inode bitmap differences:  -12"};
  it.output = diff_lines("Pass 4\nPass 5\nok\n", "Pass 4\nPass 5\nFix? yes\nok\n");
  it.asked = 10;
  it.runs = 7;
  it.reproduce = "powercut check run.log --state c40.w.all-9";
  it.look = "powercut mount run.log --state c40.w.all-9";
  return it;
}

TEST_CASE("an explanation as text", "[report][explanation]") {
  CHECK(explanation_text(an_explanation()) ==
        "finding    run.log: state c40.w.all-5-9-12\n"
        "           Inode bitmap differences:  -12\n"
        "reduced    it is enough that 1 write of 12 pending goes wrong; with all of them "
        "on the medium the finding goes\n"
        "write      9 did not reach the medium\n"
        "           write of 4 KiB at byte 102400 (sector 200), META\n"
        "           sent 0.001500 s after the first event, by kworker/0:1 (45)\n"
        "           holds: inode bitmap of group 0\n"
        "           no flush of its disk follows it in the log\n"
        "state      c40.w.all-9\n"
        "sound      c40.w.all\n"
        "output     of the checker: + in the failing state, - in the sound one\n"
        "             Pass 4\n"
        "             Pass 5\n"
        "           + Fix? yes\n"
        "             ok\n"
        "reproduce  powercut check run.log --state c40.w.all-9\n"
        "look       powercut mount run.log --state c40.w.all-9\n"
        "decided    10 states asked, 7 by a checker run, the rest known from them\n");
}

TEST_CASE("torn writes, several devices, and none to blame", "[report][explanation]") {
  Explanation it = an_explanation();
  it.writes[0].kind = ReducedWrite::Kind::kTorn;
  it.writes[0].sectors = {"200-203", "207"};
  it.writes[0].device = "meta";
  it.writes[0].comm.clear();
  it.minimal = false;
  const std::string torn = explanation_text(it);
  CHECK(torn.find("9 reached the medium but for sectors 200-203, 207\n") !=
        std::string::npos);
  CHECK(torn.find("at byte 102400 of meta (sector 200)") != std::string::npos);
  CHECK(torn.find("by process 45") != std::string::npos);
  CHECK(torn.find("NOT minimal") != std::string::npos);
  it.against = Reduction::Against::kNothing;
  it.writes.clear();
  it.sound_id.clear();
  const std::string none = explanation_text(it);
  CHECK(none.find("whichever of 12 pending writes") != std::string::npos);
  CHECK(none.find("\nsound ") == std::string::npos);
  it.against = Reduction::Against::kUnjudged;
  const std::string unjudged = explanation_text(it);
  CHECK(unjudged.find("could not judge") != std::string::npos);
  CHECK(unjudged.find("the finding stays") == std::string::npos);
}

TEST_CASE("an explanation as JSON", "[report][explanation]") {
  const auto json = nlohmann::json::parse(explanation_json(an_explanation()));
  CHECK(json["writes"].size() == 1);
  CHECK(json["writes"][0]["kind"] == "lost");
  CHECK(json["writes"][0]["holds"] == "inode bitmap of group 0");
  CHECK(json["against"] == "all-landed");
  CHECK(json["output_diff"].size() == 4);
  CHECK(json["output_diff"][2] == "+Fix? yes");
}

TEST_CASE("outputs are compared line by line", "[report][explanation]") {
  const auto text_of = [](const std::string& a, const std::string& b) {
    std::string text;
    for (const DiffLine& line : diff_lines(a, b)) {
      text += static_cast<char>(line.in) + line.text + "|";
    }
    return text;
  };
  CHECK(text_of("a\nb\nc\n", "a\nc\n") == " a|-b| c|");
  CHECK(text_of("", "x") == "+x|");
  CHECK(text_of("x\n", "") == "-x|");
  CHECK(text_of("", "").empty());
  std::string many;
  for (int i = 0; i < 1000; ++i) {
    many += std::to_string(i) + "\n";
  }
  CHECK(diff_lines(many, many).size() == 401);
}

}  // namespace
}  // namespace powercut
