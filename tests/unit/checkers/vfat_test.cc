// SPDX-License-Identifier: GPL-2.0-only
//
// The vfat checker with the real fsck.vfat.

#include "checkers/vfat.h"

#include "tests/support/fake_mounter.h"
#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>

#include <cerrno>

namespace powercut {
namespace {

using test::FakeMounter;
using test::Image;
using test::run_program;
using test::with_data;

class VfatImage : public Image {
 public:
  VfatImage() : Image(4 << 20) { run_program({"mkfs.vfat", "-F", "12", path()}); }

  Judgement judge(Mounter* mounter, const CheckerOptions& options = {}) const {
    Subject with_mounter = subject();
    with_mounter.mounter = mounter;
    const std::unique_ptr<Checker> checker =
        value_or_throw(make_vfat_checker("", options));
    return value_or_throw(checker->run(with_mounter));
  }

  // Clusters 4 and 5 become a chain (12 bits each) in both FATs that nobody owns.
  void lose_clusters() const {
    const std::string boot = read(0, 512);
    const auto word = [&](std::size_t at) {
      return static_cast<std::uint64_t>(static_cast<unsigned char>(boot[at])) |
             static_cast<std::uint64_t>(static_cast<unsigned char>(boot[at + 1])) << 8;
    };
    const std::uint64_t sector = word(11);
    for (std::uint64_t fat = 0; fat < 2; ++fat) {
      write((word(14) + fat * word(22)) * sector + 6, "\x05\xf0\xff");
    }
  }

  void set_dirty_bit() const { write(37, "\x01"); }
};

TEST_CASE("a sound FAT is clean, also one that was not unmounted", "[checkers][vfat]") {
  const VfatImage image;
  CHECK(image.judge(nullptr).probes.at(0).verdict.kind == Verdict::Kind::kClean);
  image.set_dirty_bit();
  const Verdict verdict = image.judge(nullptr).probes.at(0).verdict;
  CHECK(verdict.kind == Verdict::Kind::kClean);
  CHECK(verdict.output.find("Dirty bit is set") != std::string::npos);
}

TEST_CASE("lost clusters of a FAT are a finding, dirty or not", "[checkers][vfat]") {
  const VfatImage image;
  image.lose_clusters();
  for (int i = 0; i < 2; ++i) {
    const Verdict verdict = image.judge(nullptr).probes.at(0).verdict;
    REQUIRE(verdict.findings.size() == 1);
    CHECK(verdict.findings[0].key == "fsck.vfat: Reclaimed # unused clusters (# bytes).");
    image.set_dirty_bit();
  }
}

TEST_CASE("zeros are no FAT", "[checkers][vfat]") {
  const VfatImage image;
  image.write(0, std::string(4096, '\0'));
  CHECK(image.judge(nullptr).probes.at(0).verdict.kind == Verdict::Kind::kFindings);
}

TEST_CASE("with a mounter, a FAT is mounted too", "[checkers][vfat]") {
  const VfatImage image;
  FakeMounter sound;
  CHECK(image.judge(&sound).probes.at(0).verdict.kind == Verdict::Kind::kClean);
  CHECK(sound.requests.size() == 1);
  CHECK_FALSE(value_or_throw(make_vfat_checker("", {}))->needs_mounter());
  CHECK(value_or_throw(make_vfat_checker("", with_data()))->needs_mounter());
  MountReport report;
  report.mount_errno = EIO;
  FakeMounter refuses({report});
  CHECK(image.judge(&refuses).probes.at(0).verdict.kind == Verdict::Kind::kFindings);
  MountReport read;
  read.data = {{"/a", 0, EIO, "", ""}};
  FakeMounter reads({read});
  const Judgement judgement = image.judge(&reads, with_data());
  REQUIRE(judgement.probes.size() == 2);
  CHECK(judgement.probes[1].verdict.kind == Verdict::Kind::kFindings);
}

TEST_CASE("to observe, FAT is mounted, and its base tells the tree",
          "[checkers][vfat][observe]") {
  const VfatImage image;
  CheckerOptions options;
  options.observe = true;
  CHECK(value_or_throw(make_vfat_checker("", options))->needs_mounter());
  MountReport report;
  FileNode root;
  root.path = "/";
  report.tree = {root};
  FakeMounter mounter({report});
  const Judgement judgement = image.judge(&mounter, options);
  REQUIRE(judgement.probes.size() == 1);
  REQUIRE(judgement.probes[0].verdict.seen != nullptr);
  CHECK(judgement.probes[0].verdict.seen->tree == report.tree);
}

}  // namespace
}  // namespace powercut
