// SPDX-License-Identifier: GPL-2.0-only
//
// The comparison of two recoveries; the kernel's is a report that the test writes.

#include "checkers/ext4_cross.h"

#include "checkers/ext2_files.h"
#include "tests/support/fake_mounter.h"
#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>

namespace powercut {
namespace {

using test::FakeMounter;
using test::Image;
using test::run_program;

class CrossRun {
 public:
  CrossRun() {
    run_program({"mke2fs", "-F", "-q", "-t", "ext4", image.path()});
    debugfs("mkdir dir");
    report.tree = value_or_throw(read_ext2_files(image.subject(), 0)).tree;
  }

  void debugfs(const std::string& request) const {
    run_program({"debugfs", "-w", "-R", request, image.path()});
  }

  Verdict judge() {
    mounter = FakeMounter({report});
    mounter.on_mount = on_mount;
    Subject subject = image.subject();
    subject.mounter = &mounter;
    const std::unique_ptr<Checker> checker = make_ext4_cross_checker(options);
    return value_or_throw(checker->run(subject)).probes.at(0).verdict;
  }

  Image image{4 << 20};
  CheckerOptions options;
  MountReport report;
  FakeMounter mounter;
  std::function<void()> on_mount;
};

bool has_key(const Verdict& verdict, const std::string& key) {
  return std::any_of(verdict.findings.begin(), verdict.findings.end(),
                     [&](const Finding& finding) { return finding.key == key; });
}

TEST_CASE("two recoveries that agree are clean", "[checkers][cross]") {
  CrossRun run;
  const Verdict verdict = run.judge();
  INFO(verdict.summary());
  CHECK(verdict.kind == Verdict::Kind::kClean);
  CHECK(verdict.outcome == digest_of(run.report.tree));
  CHECK(run.mounter.requests.size() == 1);
  CHECK(run.image.restarts() == 1);
}

TEST_CASE("to observe, the tree of the kernel's recovery is told",
          "[checkers][cross][observe]") {
  CrossRun run;
  CHECK(run.judge().seen == nullptr);
  run.options.observe = true;
  const Verdict verdict = run.judge();
  REQUIRE(verdict.seen != nullptr);
  CHECK(verdict.seen->files);
  CHECK(verdict.seen->tree == run.report.tree);
}

TEST_CASE("the kernel gets the state, not what e2fsck made of it", "[checkers][cross]") {
  CrossRun run;
  run.debugfs("set_super_value free_blocks_count 7");
  const std::string state = run.image.read(1024, 1024);
  bool same = false;
  run.on_mount = [&] { same = run.image.read(1024, 1024) == state; };
  CHECK(run.judge().kind == Verdict::Kind::kClean);
  CHECK(same);
}

TEST_CASE("a difference between the trees is a finding by its path",
          "[checkers][cross]") {
  CrossRun run;
  run.report.tree.back().uid = 5;  // lost+found
  CHECK(has_key(run.judge(), "recoveries differ: differs: /lost+found"));
  run.report.tree.pop_back();
  CHECK(has_key(run.judge(), "recoveries differ: only in e2fsck's: /lost+found"));
  FileNode extra;
  extra.path = "/new one";
  run.report.tree.push_back(extra);
  CHECK(has_key(run.judge(), "recoveries differ: only in the kernel's: /new\\x20one"));
}

TEST_CASE("a kernel that refuses, complains or dies is a finding", "[checkers][cross]") {
  CrossRun refuses;
  refuses.report.mount_errno = EUCLEAN;
  CHECK(has_key(refuses.judge(), "cannot mount: Structure needs cleaning"));
  CrossRun complains;
  complains.report.kernel_messages = {"EXT4-fs error (device <disk>): bad"};
  CHECK(has_key(complains.judge(), "kernel: EXT4-fs error (device <disk>): bad"));
  CrossRun dies;
  dies.report.machine_failure = "kernel panic: x";
  CHECK(has_key(dies.judge(), "machine: kernel panic: x"));
  CrossRun slow;
  slow.report.timed_out = true;
  CHECK(slow.judge().kind == Verdict::Kind::kInconclusive);
}

TEST_CASE("what e2fsck finds after the kernel's recovery only is a finding",
          "[checkers][cross]") {
  CrossRun run;
  run.on_mount = [&] { run.debugfs("set_inode_field dir links_count 9"); };
  const Verdict verdict = run.judge();
  REQUIRE(verdict.findings.size() == 1);
  CHECK(verdict.findings[0].key.starts_with("after the kernel's recovery: 0x040003"));
}

TEST_CASE("of a state that is not sound, only its recoveries and a death count",
          "[checkers][cross]") {
  CrossRun run;
  run.debugfs("set_inode_field dir links_count 9");
  run.report.kernel_messages = {"EXT4-fs error (device <disk>): bad"};
  run.report.tree.clear();
  CHECK(run.judge().kind == Verdict::Kind::kClean);
  run.report.machine_failure = "kernel panic: x";
  CHECK(has_key(run.judge(), "machine: kernel panic: x"));
}

TEST_CASE("a state of which only e2fsck's own recovery makes a wreck is a finding",
          "[checkers][cross]") {
  CrossRun run;
  const std::string sound = run.image.read(0, 4 << 20);
  run.debugfs("set_inode_field dir links_count 9");
  run.on_mount = [&] { run.image.write(0, sound); };
  CHECK(has_key(run.judge(), "recoveries differ: only e2fsck's leaves problems"));
}

}  // namespace
}  // namespace powercut
