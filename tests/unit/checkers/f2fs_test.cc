// SPDX-License-Identifier: GPL-2.0-only
//
// The f2fs checker with a program in the place of fsck.f2fs that prints what that one was
// seen to print; the mount is a report that the test writes.

#include "checkers/f2fs.h"

#include "tests/support/fake_mounter.h"
#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using test::FakeMounter;
using test::Image;

// PATH begins with a directory that has the program.
class FsckInPath {
 public:
  FsckInPath(const Image& image, const std::string& line, int exit_code)
      : before_(path()) {
    const fs::path directory = image.file("bin");
    fs::create_directories(directory);
    std::ofstream(directory / "fsck.f2fs")
        << "#!/bin/sh\n[ \"$1\" = --dry-run ] || exit 9\necho 'Info: Dry run'\necho '"
        << line << "'\nexit " << exit_code << "\n";
    fs::permissions(directory / "fsck.f2fs", fs::perms(0755));
    ::setenv("PATH", (directory.string() + ":" + before_).c_str(), 1);
  }

  ~FsckInPath() { ::setenv("PATH", before_.c_str(), 1); }

  FsckInPath(const FsckInPath&) = delete;
  FsckInPath& operator=(const FsckInPath&) = delete;

 private:
  static std::string path() {
    const char* value = std::getenv("PATH");
    return value == nullptr ? "/usr/bin:/bin" : value;
  }

  std::string before_;
};

Verdict check(const Image& image, FakeMounter& mounter) {
  Subject subject = image.subject();
  subject.mounter = &mounter;
  const std::unique_ptr<Checker> checker = value_or_throw(make_f2fs_checker("", {}));
  CHECK(checker->needs_mounter());
  return value_or_throw(checker->run(subject)).probes.at(0).verdict;
}

TEST_CASE("an F2FS in which fsck.f2fs finds nothing is clean", "[checkers][f2fs]") {
  const Image image(1 << 20);
  const FsckInPath fsck(image, "[FSCK] other corrupted bugs    [Ok..]", 0);
  FakeMounter mounter;
  CHECK(check(image, mounter).kind == Verdict::Kind::kClean);
}

TEST_CASE("what fsck.f2fs finds is a finding, and so is an exit code alone",
          "[checkers][f2fs]") {
  const Image image(1 << 20);
  FakeMounter mounter;
  {
    const FsckInPath fsck(image, "NID[0x5] has [0x7] more unreachable links", 4);
    const Verdict verdict = check(image, mounter);
    REQUIRE(verdict.findings.size() == 1);
    CHECK(verdict.findings[0].key == "fsck.f2fs: NID[#] has [#] more unreachable links");
  }
  const FsckInPath fsck(image, "", 255);
  const Verdict verdict = check(image, mounter);
  REQUIRE(verdict.findings.size() == 1);
  CHECK(verdict.findings[0].key == "fsck.f2fs gave exit code 255");
}

TEST_CASE("an fsck.f2fs that dies makes no verdict", "[checkers][f2fs]") {
  const Image image(1 << 20);
  FakeMounter mounter;
  const FsckInPath fsck(image, "'; kill -SEGV $$; echo '", 0);
  CHECK(check(image, mounter).kind == Verdict::Kind::kInconclusive);
}

}  // namespace
}  // namespace powercut
