// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/mount_verdict.h"

#include "checkers/usable.h"
#include "tests/support/fake_mounter.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace powercut {
namespace {

using test::FakeMounter;

FileTree some_tree() {
  FileNode root;
  root.path = "/";
  root.mode = S_IFDIR | 0755;
  return {root};
}

Verdict settled(const MountReport& report) {
  Verdict verdict = verdict_of(report);
  settle(verdict, report.tree);
  return verdict;
}

bool has_key(const Verdict& verdict, const std::string& key) {
  return std::any_of(verdict.findings.begin(), verdict.findings.end(),
                     [&](const Finding& finding) { return finding.key == key; });
}

TEST_CASE("a sound mount is clean, and its outcome is the digest of its tree",
          "[checkers][mount]") {
  MountReport report;
  report.tree = some_tree();
  report.kernel_messages = {"XFS (<disk>): Ending clean mount"};
  const Verdict verdict = settled(report);
  CHECK(verdict.kind == Verdict::Kind::kClean);
  CHECK(verdict.outcome == digest_of(report.tree));
  CHECK(verdict.output.find("Ending clean mount") != std::string::npos);
}

TEST_CASE("a mount that fails is a finding that blinds", "[checkers][mount]") {
  MountReport report;
  report.mount_errno = EUCLEAN;
  report.kernel_messages = {"XFS (loop1): Corruption detected"};
  const Verdict verdict = settled(report);
  REQUIRE(verdict.findings.size() == 2);
  CHECK(verdict.findings[0].key == "cannot mount: Structure needs cleaning");
  CHECK(verdict.findings[0].blinding);
  CHECK(verdict.findings[1].key == "kernel: XFS (<disk>): Corruption detected");
  CHECK_FALSE(verdict.findings[1].blinding);
  CHECK_FALSE(can_go_on(verdict));
}

TEST_CASE("problems, complaints and the death of the machine are findings",
          "[checkers][mount]") {
  MountReport report;
  report.problems = {"readdir /a: Input/output error"};
  CHECK(has_key(settled(report), "readdir /a: Input/output error"));
  report = {};
  report.kernel_messages = {"EXT4-fs error (device loop1): inode #12: bad",
                            "EXT4-fs error (device loop1): inode #13: bad"};
  const Verdict complained = settled(report);
  REQUIRE(complained.findings.size() == 1);
  CHECK(complained.findings[0].key ==
        "kernel: EXT4-fs error (device <disk>): inode ##: bad");
  CHECK(can_go_on(complained));
  report = {};
  report.machine_failure = "kernel panic: VFS: busy inodes 0x1f on loop0\nmore";
  report.console_tail = "the last words";
  const Verdict died = settled(report);
  REQUIRE(died.findings.size() == 1);
  CHECK(died.findings[0].key == "machine: kernel panic: VFS: busy inodes # on <disk>");
  CHECK(died.output.find("the last words") != std::string::npos);
  CHECK_FALSE(can_go_on(died));
}

TEST_CASE("a visit that timed out is inconclusive, whatever else was seen",
          "[checkers][mount]") {
  MountReport report;
  report.timed_out = true;
  report.problems = {"readdir /a: Input/output error"};
  const Verdict verdict = settled(report);
  CHECK(verdict.kind == Verdict::Kind::kInconclusive);
  CHECK(verdict.findings.empty());
  CHECK_FALSE(verdict.reason.empty());
}

TEST_CASE("findings come in one order, whatever order they were met in",
          "[checkers][mount]") {
  MountReport report;
  report.problems = {"b", "a", "b"};
  MountReport other = report;
  other.problems = {"a", "b"};
  CHECK(settled(report).same_as(settled(other)));
  CHECK(settled(report).outcome == settled(other).outcome);
  other.problems = {"a"};
  CHECK(settled(report).outcome != settled(other).outcome);
}

TEST_CASE("what is printed is bounded", "[checkers][mount]") {
  Verdict verdict;
  for (int i = 0; i < 10; ++i) {
    add_output(verdict, "x", std::string(100000, 'y'));
  }
  CHECK(verdict.output.size() < 200000);
}

// Data, with a Subject that notes the probes.
struct DataRun {
  explicit DataRun(std::vector<MountReport> reports) : mounter(std::move(reports)) {
    subject.mounter = &mounter;
    subject.begin_probe = [this](std::size_t probe) { probes.push_back(probe); };
  }

  Judgement judge(const MountReport& first) {
    Judgement judgement = base_only(settled(first));
    MountRequest request = mount_request("xfs", "nouuid", {});
    request.data_unit_bytes = 4096;
    value_or_throw(add_data_probes(subject, request, first.tree, judgement));
    return judgement;
  }

  Subject subject;
  FakeMounter mounter;
  std::vector<std::size_t> probes;
};

TEST_CASE("each unit of data is a probe, judged by itself", "[checkers][mount]") {
  MountReport report;
  report.kernel_messages = {"BTRFS warning (device <disk>): csum failed root 5"};
  report.data = {{"/a", 0, 0, "d0", ""},
                 {"/a", 4096, EIO, "", ""},
                 {"/b c", 0, 0, "d2", "a broken stamp at 0"}};
  DataRun run({report});
  const Judgement judgement = run.judge({});
  REQUIRE(judgement.probes.size() == 4);
  CHECK(run.probes == std::vector<std::size_t>{1, 2, 3});
  CHECK(judgement.probes[0].verdict.kind == Verdict::Kind::kClean);
  CHECK(judgement.probes[0].verdict.output.find("csum failed") != std::string::npos);
  CHECK(judgement.probes[1].name == "data:/a+0");
  CHECK(judgement.probes[1].verdict.kind == Verdict::Kind::kClean);
  CHECK(judgement.probes[1].verdict.outcome == "d0");
  CHECK(has_key(judgement.probes[2].verdict, "cannot read /a: Input/output error"));
  CHECK(judgement.probes[3].name == "data:/b\\x20c+0");
  CHECK(has_key(judgement.probes[3].verdict, "stale data in /b\\x20c"));
  CHECK(run.mounter.requests.at(0).options == "nouuid,ro");
  CHECK(run.mounter.requests.at(0).data_unit_bytes == 4096);
}

TEST_CASE("data of a state that does not mount, or only once, make no probes",
          "[checkers][mount]") {
  MountReport unmountable;
  unmountable.mount_errno = EINVAL;
  DataRun never({MountReport{}});
  CHECK(never.judge(unmountable).probes.size() == 1);
  CHECK(never.mounter.requests.empty());
  DataRun once({unmountable});
  const Judgement judgement = once.judge({});
  REQUIRE(judgement.probes.size() == 1);
  CHECK(has_key(judgement.probes[0].verdict,
                "reading data: cannot mount: Invalid argument"));
}

// Of a judgement by usable, which ends as all that mount do.
Judgement observed(std::vector<MountReport> reports, bool data) {
  CheckerOptions options;
  options.data = data;
  options.observe = true;
  FakeMounter mounter(std::move(reports));
  Subject subject;
  subject.mounter = &mounter;
  subject.begin_probe = [](std::size_t /*probe*/) {};
  const std::unique_ptr<Checker> checker =
      value_or_throw(make_usable_checker("ext4", options));
  Judgement judgement = value_or_throw(checker->run(subject));
  CHECK(mounter.requests.back().want_bytes == data);
  return judgement;
}

TEST_CASE("the base tells its tree, and each probe of data what it read",
          "[checkers][observe]") {
  MountReport report;
  report.tree = some_tree();
  report.tree[0].inode = 2;
  report.data = {{"/a b", 0, 0, "d0", "", "content"},
                 {"/a b", 4096, EIO, "", "", ""},
                 {"/a b", 8192, 0, "d2", "a broken stamp at 0", "other"}};
  const Judgement judgement = observed({report}, true);
  REQUIRE(judgement.probes.size() == 4);
  const Observation& base = *judgement.probes[0].verdict.seen;
  CHECK(base.files);
  CHECK(base.tree == report.tree);
  CHECK(base.tree.at(0).inode == 2);
  CHECK_FALSE(base.claims_made);
  for (std::size_t i = 0; i < report.data.size(); ++i) {
    const Observation& seen = *judgement.probes[i + 1].verdict.seen;
    CHECK_FALSE(seen.files);
    CHECK(seen.path == report.data[i].path);
    CHECK(seen.offset_bytes == report.data[i].offset_bytes);
    CHECK(seen.bytes == report.data[i].bytes);
    CHECK(seen.error == report.data[i].error);
  }
  // What stamps say is said as ever.
  CHECK(has_key(judgement.probes[3].verdict, "stale data in /a\\x20b"));
  const Judgement without_data = observed({report}, false);
  REQUIRE(without_data.probes.size() == 1);
  CHECK(without_data.probes[0].verdict.seen->tree == report.tree);
}

TEST_CASE("findings that leave something to look at do not hide it",
          "[checkers][observe]") {
  MountReport report;
  report.tree = some_tree();
  report.problems = {"getxattr /a: Input/output error"};
  const Judgement judgement = observed({report}, false);
  CHECK(judgement.probes.at(0).verdict.kind == Verdict::Kind::kFindings);
  REQUIRE(judgement.probes.at(0).verdict.seen != nullptr);
  CHECK(judgement.probes.at(0).verdict.seen->files);
}

TEST_CASE("what could not be looked at is not told as empty", "[checkers][observe]") {
  MountReport unmountable;
  unmountable.mount_errno = EINVAL;
  CHECK(observed({unmountable}, false).probes.at(0).verdict.seen == nullptr);
  MountReport slow;
  slow.timed_out = true;
  CHECK(observed({slow}, false).probes.at(0).verdict.seen == nullptr);
  // Found out when data are read: inconclusive after all.
  MountReport sound;
  sound.tree = some_tree();
  CHECK(observed({sound, sound, slow}, true).probes.at(0).verdict.seen == nullptr);
}

TEST_CASE("nothing is told that nobody asked for", "[checkers][observe]") {
  MountReport report;
  report.tree = some_tree();
  report.data = {{"/a", 0, 0, "d0", ""}};
  DataRun run({report});
  for (const Judgement::Probe& probe : run.judge(report).probes) {
    CHECK(probe.verdict.seen == nullptr);
  }
  CHECK_FALSE(run.mounter.requests.at(0).want_bytes);
}

TEST_CASE("a base with findings of its own has probes of data too", "[checkers][mount]") {
  MountReport first;
  first.problems = {"getxattr /a: Input/output error"};
  MountReport second;
  second.data = {{"/a", 0, 0, "d0", ""}};
  DataRun run({second});
  CHECK(run.judge(first).probes.size() == 2);
}

TEST_CASE("usable: use that fails, before or after, is a finding", "[checkers][usable]") {
  CheckerOptions options;
  options.mount_options = "noquota";
  const std::unique_ptr<Checker> checker =
      value_or_throw(make_usable_checker("xfs", options));
  CHECK(checker->tier() == Tier::kInferred);
  CHECK(checker->needs_mounter());
  CHECK(checker->file_system() == "xfs");
  Subject subject;
  FakeMounter sound;
  subject.mounter = &sound;
  CHECK(value_or_throw(checker->run(subject)).probes.at(0).verdict.kind ==
        Verdict::Kind::kClean);
  REQUIRE(sound.requests.size() == 2);
  CHECK(sound.requests[0].use);
  CHECK_FALSE(sound.requests[1].use);
  CHECK(sound.requests[0].options == "nouuid,noquota");
  MountReport bad;
  bad.problems = {"use /a: rename: No space left on device"};
  FakeMounter first({bad, MountReport{}});
  subject.mounter = &first;
  CHECK(has_key(value_or_throw(checker->run(subject)).probes.at(0).verdict,
                "use /a: rename: No space left on device"));
  FakeMounter second({MountReport{}, bad});
  subject.mounter = &second;
  CHECK(has_key(value_or_throw(checker->run(subject)).probes.at(0).verdict,
                "after use: use /a: rename: No space left on device"));
}

TEST_CASE("usable: data are read last, each unit a probe", "[checkers][usable]") {
  CheckerOptions options;
  options.data = true;
  const std::unique_ptr<Checker> checker =
      value_or_throw(make_usable_checker("ext4", options));
  MountReport report;
  report.data = {{"/a", 0, EIO, "", ""}};
  FakeMounter mounter({report});
  Subject subject;
  subject.mounter = &mounter;
  subject.begin_probe = [](std::size_t /*probe*/) {};
  const Judgement judgement = value_or_throw(checker->run(subject));
  REQUIRE(judgement.probes.size() == 2);
  CHECK(has_key(judgement.probes[1].verdict, "cannot read /a: Input/output error"));
  REQUIRE(mounter.requests.size() == 3);
  CHECK_FALSE(mounter.requests[2].use);
}

TEST_CASE("usable: a type that is none is a usage error", "[checkers][usable]") {
  for (const char* type : {"", "ext4 -o x", "a/b"}) {
    const Result<std::unique_ptr<Checker>> made = make_usable_checker(type, {});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().kind == ErrorKind::kUsage);
  }
  CHECK(value_or_throw(make_usable_checker("btrfs", {}))->alone());
}

}  // namespace
}  // namespace powercut
