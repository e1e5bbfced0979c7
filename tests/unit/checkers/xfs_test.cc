// SPDX-License-Identifier: GPL-2.0-only
//
// The xfs checker with the real xfs_repair; the mount is a report that the test writes.

#include "checkers/xfs.h"

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

constexpr std::uint64_t kSize = 320 << 20;

class XfsImage : public Image {
 public:
  XfsImage() : Image(kSize) { run_program({"mkfs.xfs", "-q", "-f", path()}); }

  Judgement judge(FakeMounter& mounter, const CheckerOptions& options = {}) const {
    Subject with_mounter = subject();
    with_mounter.mounter = &mounter;
    const std::unique_ptr<Checker> checker =
        value_or_throw(make_xfs_checker("", options));
    return value_or_throw(checker->run(with_mounter));
  }
};

TEST_CASE("a sound XFS is clean", "[checkers][xfs]") {
  const XfsImage image;
  FakeMounter mounter;
  const Verdict verdict = image.judge(mounter).probes.at(0).verdict;
  INFO(verdict.summary() << verdict.output);
  CHECK(verdict.kind == Verdict::Kind::kClean);
  CHECK(verdict.output.find("Phase 7") != std::string::npos);
  CHECK(mounter.requests.at(0).options == "nouuid");
}

TEST_CASE("a broken block of XFS is a finding, the same for other addresses",
          "[checkers][xfs]") {
  const XfsImage image;
  image.write(512 + 0x34, "\x12\x34");  // free blocks of group 0
  FakeMounter mounter;
  const Verdict first = image.judge(mounter).probes.at(0).verdict;
  REQUIRE(first.kind == Verdict::Kind::kFindings);
  // The program's addresses are not the same twice.
  const Verdict second = image.judge(mounter).probes.at(0).verdict;
  CHECK(first.same_as(second));
  CHECK(first.summary() == second.summary());
  bool known = false;
  for (const Finding& finding : first.findings) {
    known = known || finding.key == "xfs_repair: agf has bad CRC for ag #";
  }
  CHECK(known);
}

TEST_CASE("an XFS that does not mount is not given to xfs_repair", "[checkers][xfs]") {
  const XfsImage image;
  MountReport report;
  report.mount_errno = EUCLEAN;
  FakeMounter mounter({report});
  const Judgement judgement = image.judge(mounter, with_data());
  REQUIRE(judgement.probes.size() == 1);
  REQUIRE(judgement.probes[0].verdict.findings.size() == 1);
  CHECK(judgement.probes[0].verdict.findings[0].blinding);
  CHECK(mounter.requests.size() == 1);
}

TEST_CASE("with data, XFS is mounted again, read-only", "[checkers][xfs]") {
  const XfsImage image;
  MountReport report;
  report.data = {{"/a", 0, 0, "d", ""}, {"/a", 4096, 0, "e", "a broken stamp at 4096"}};
  FakeMounter mounter({report});
  const Judgement judgement = image.judge(mounter, with_data(8192));
  REQUIRE(judgement.probes.size() == 3);
  CHECK(judgement.probes[1].verdict.kind == Verdict::Kind::kClean);
  CHECK(judgement.probes[2].verdict.kind == Verdict::Kind::kFindings);
  CHECK(mounter.requests.at(1).data_unit_bytes == 8192);
  CHECK(mounter.requests.at(1).options == "nouuid,ro");
  CHECK(image.probes() == std::vector<std::size_t>{1, 2});
}

}  // namespace
}  // namespace powercut
