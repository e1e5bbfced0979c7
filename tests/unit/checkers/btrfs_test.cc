// SPDX-License-Identifier: GPL-2.0-only
//
// The btrfs checker with the real btrfs check; the mount is a report that the test
// writes.

#include "checkers/btrfs.h"

#include "tests/support/fake_mounter.h"
#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>

#include <cerrno>

namespace powercut {
namespace {

using test::FakeMounter;
using test::Image;
using test::run_program;

constexpr std::uint64_t kSize = 128 << 20;
constexpr std::uint64_t kNode = 16384;

class BtrfsImage : public Image {
 public:
  BtrfsImage() : Image(kSize) { run_program({"mkfs.btrfs", "-q", "-f", path()}); }

  Verdict check(FakeMounter& mounter) const {
    Subject with_mounter = subject();
    with_mounter.mounter = &mounter;
    const std::unique_ptr<Checker> checker = value_or_throw(make_btrfs_checker("", {}));
    return value_or_throw(checker->run(with_mounter)).probes.at(0).verdict;
  }

  // Breaks every copy of the root of the tree of files; how many there were.
  int break_file_tree() const {
    constexpr std::uint64_t kSuperblock = 65536;
    const std::string uuid = read(kSuperblock + 32, 16);
    int broken = 0;
    for (std::uint64_t at = kSuperblock + kNode; at + kNode <= kSize; at += kNode) {
      const std::string header = read(at, 101);
      const bool file_tree = header[88] == 5 && header.substr(89, 7) == std::string(7, 0);
      if (header.substr(32, 16) == uuid && file_tree) {
        write(at + 200, "broken");
        ++broken;
      }
    }
    return broken;
  }
};

TEST_CASE("a sound btrfs is clean", "[checkers][btrfs]") {
  const BtrfsImage image;
  FakeMounter mounter;
  const Verdict verdict = image.check(mounter);
  INFO(verdict.summary() << verdict.output);
  CHECK(verdict.kind == Verdict::Kind::kClean);
  CHECK(verdict.output.find("no error found") != std::string::npos);
}

TEST_CASE("a broken tree of btrfs is a finding", "[checkers][btrfs]") {
  const BtrfsImage image;
  REQUIRE(image.break_file_tree() >= 1);
  FakeMounter mounter;
  const Verdict verdict = image.check(mounter);
  REQUIRE(verdict.kind == Verdict::Kind::kFindings);
  CHECK(verdict.findings[0].key.starts_with("btrfs check: "));
  CHECK(verdict.same_as(image.check(mounter)));
}

TEST_CASE("a kernel that has another state of a btrfs makes no verdict",
          "[checkers][btrfs]") {
  const BtrfsImage image;
  for (const int code : {EEXIST, EBUSY}) {
    MountReport report;
    report.mount_errno = code;
    FakeMounter mounter({report});
    CHECK(image.check(mounter).kind == Verdict::Kind::kInconclusive);
  }
  MountReport report;
  report.mount_errno = EIO;
  FakeMounter mounter({report});
  CHECK(image.check(mounter).kind == Verdict::Kind::kFindings);
  CHECK(value_or_throw(make_btrfs_checker("", {}))->alone());
}

}  // namespace
}  // namespace powercut
