// SPDX-License-Identifier: GPL-2.0-only
//
// The stack checker: what it makes of what a script printed and how it ended.

#include "checkers/stack.h"

#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace powercut {
namespace {

// Gives the report that the test wrote, and announces its parts.
class ScriptMounter : public Mounter {
 public:
  explicit ScriptMounter(ScriptReport report) : report_(std::move(report)) {}

  Result<MountReport> mount(std::size_t, const MountRequest&,
                            const std::function<void(std::size_t)>&) override {
    return fail(ErrorKind::kMissing, "nothing is mounted here");
  }

  Result<ScriptReport> run_script(
      const ScriptRequest& given,
      const std::function<void(std::size_t)>& begin_probe) override {
    request = given;
    for (std::size_t part = 1; part < report_.parts.size(); ++part) {
      begin_probe(part);
    }
    return report_;
  }

  std::string place() const override { return "nowhere"; }

  ScriptRequest request;

 private:
  ScriptReport report_;
};

class Bench {
 public:
  Bench() { std::ofstream(script()) << "echo hello\n"; }

  std::string script() const { return (dir_ / "verify.sh").string(); }

  Result<Judgement> run(ScriptMounter& mounter, std::size_t disks = 2) {
    Subject subject;
    subject.disks.resize(disks);
    subject.mounter = &mounter;
    subject.begin_probe = [this](std::size_t probe) { begun.push_back(probe); };
    const std::unique_ptr<Checker> checker =
        value_or_throw(make_stack_checker(script() + " meta data", {}));
    return checker->run(subject);
  }

  std::vector<std::size_t> begun;

 private:
  ScratchDir dir_;
};

ScriptReport report_of(std::vector<ScriptPart> parts, int code = 0) {
  ScriptReport report;
  report.parts = std::move(parts);
  report.code = code;
  return report;
}

TEST_CASE("a script that says nothing is content", "[checkers][stack]") {
  Bench bench;
  ScriptMounter mounter(report_of({{"", "up and running\n"}}));
  const Judgement judgement = value_or_throw(bench.run(mounter));
  REQUIRE(judgement.probes.size() == 1);
  CHECK(judgement.probes[0].verdict.kind == Verdict::Kind::kClean);
  CHECK(mounter.request.text == "echo hello\n");
  CHECK(mounter.request.disk_names == std::vector<std::string>{"meta", "data"});
}

TEST_CASE("lines of faults and claims belong to the probe that they stand behind",
          "[checkers][stack]") {
  Bench bench;
  ScriptMounter mounter(report_of({{"", "have all\n"},
                                   {"block 0", "have block 0: generation 1\n"},
                                   {"block 1", "fault: block 1 holds poison\n"}}));
  const Judgement judgement = value_or_throw(bench.run(mounter));
  REQUIRE(judgement.probes.size() == 3);
  CHECK(bench.begun == std::vector<std::size_t>{1, 2});
  const Verdict& base = judgement.probes[0].verdict;
  CHECK(base.kind == Verdict::Kind::kClean);
  CHECK(base.seen->claims == std::vector<std::string>{"all"});
  CHECK(base.seen->claim_labels == std::vector<std::string>{"block 0", "block 1"});
  CHECK(judgement.probes[1].name == "block 0");
  CHECK(judgement.probes[1].verdict.seen->claims ==
        std::vector<std::string>{"block 0: generation 1"});
  CHECK(judgement.probes[1].verdict.seen->claim_labels ==
        std::vector<std::string>{"block 0"});
  CHECK(judgement.probes[2].verdict.summary() == "block 1 holds poison");
}

TEST_CASE("a part that printed too much is not clean", "[checkers][stack]") {
  Bench bench;
  ScriptMounter cut(report_of({{"", ""}, {"a", "have 1\n", true}, {"b", "have 2\n"}}));
  const Judgement judgement = value_or_throw(bench.run(cut));
  REQUIRE(judgement.probes.size() == 3);
  CHECK(judgement.probes[0].verdict.kind == Verdict::Kind::kClean);
  CHECK(judgement.probes[1].verdict.kind == Verdict::Kind::kInconclusive);
  CHECK(judgement.probes[2].verdict.kind == Verdict::Kind::kClean);
  ScriptMounter faulty(report_of({{"", "fault: bad\n", true}}));
  const Verdict fault = value_or_throw(bench.run(faulty)).probes[0].verdict;
  CHECK(fault.summary() == "bad");
  CHECK(fault.seen == nullptr);  // claims that were cut off are not missing
  // Nor does it bring the others down when the base was cut.
  ScriptMounter noisy(report_of({{"", "x", true}, {"a", ""}}));
  const Judgement open = value_or_throw(bench.run(noisy));
  CHECK(open.probes[0].verdict.kind == Verdict::Kind::kInconclusive);
  CHECK(open.probes[1].verdict.kind == Verdict::Kind::kClean);
  ScriptReport many = report_of({{"", ""}, {"a", "have 1\n"}});
  many.too_many_parts = true;
  ScriptMounter crowded(std::move(many));
  CHECK(value_or_throw(bench.run(crowded)).probes[1].verdict.kind ==
        Verdict::Kind::kInconclusive);
}

TEST_CASE("how a script ends is a finding, or leaves it open", "[checkers][stack]") {
  Bench bench;
  const auto base_of = [&](ScriptReport report) {
    ScriptMounter mounter(std::move(report));
    return value_or_throw(bench.run(mounter)).probes.back().verdict;
  };
  const Verdict failed = base_of(report_of({{"", "no such target\n"}}, 1));
  CHECK(failed.kind == Verdict::Kind::kFindings);
  CHECK(failed.summary() == "the script gave exit code 1: no such target");
  CHECK(failed.findings[0].blinding);
  CHECK(failed.seen == nullptr);
  const Verdict unable = base_of(report_of({{"", "busy\n"}}, 75));
  CHECK(unable.kind == Verdict::Kind::kInconclusive);
  CHECK(unable.reason == "the script cannot judge this state: busy");
  // What it did not come to would pass for missing.
  const Verdict midway = base_of(report_of({{"", ""}, {"a", "oops\n"}}, 1));
  CHECK(midway.kind == Verdict::Kind::kInconclusive);
  ScriptReport killed = report_of({{"", ""}});
  killed.code.reset();
  killed.signal = 9;
  CHECK(base_of(killed).kind == Verdict::Kind::kInconclusive);
  ScriptReport slow;
  slow.timed_out = true;
  CHECK(base_of(slow).kind == Verdict::Kind::kInconclusive);
  ScriptReport dead;
  dead.machine_failure = "kernel panic: at 0xffffffff81234567";
  const Verdict panic = base_of(dead);
  CHECK(panic.kind == Verdict::Kind::kFindings);
  CHECK(panic.findings[0].key.find("ffffffff") == std::string::npos);
}

TEST_CASE("a log of other devices than the stack's is refused", "[checkers][stack]") {
  Bench bench;
  ScriptMounter mounter(report_of({{"", ""}}));
  const Result<Judgement> judgement = bench.run(mounter, 3);
  REQUIRE_FALSE(judgement);
  CHECK(judgement.error().kind == ErrorKind::kUsage);
  CHECK(judgement.error().message ==
        "the log has 3 devices, and the stack is made of 2: meta data");
}

TEST_CASE("a stack checker wants a script and names", "[checkers][stack]") {
  Bench bench;
  for (const std::string& bad :
       {std::string(""), bench.script(), bench.script() + " a-b", bench.script() + " a a",
        std::string("/nowhere/verify.sh meta")}) {
    INFO(bad);
    const auto checker = make_stack_checker(bad, {});
    REQUIRE_FALSE(checker);
    CHECK(checker.error().kind == ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace powercut
