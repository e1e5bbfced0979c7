// SPDX-License-Identifier: GPL-2.0-only
//
// The ext4 checker on plain images: silent on a sound one, and it fires on one that is
// not.

#define CATCH_CONFIG_EXTERNAL_INTERFACES

#include "checkers/ext4.h"

#include "base/subprocess.h"
#include "tests/support/log_builder.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace powercut {
namespace {

struct Requirements : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;

  void testRunStarting(const Catch::TestRunInfo& /*info*/) override {
    constexpr int kSkipped = 77;
    for (const char* program : {"e2fsck", "mkfs.ext4", "debugfs"}) {
      if (!find_program(program)) {
        fmt::print(stderr, "skipped: {} is not there (apt-get install e2fsprogs)\n",
                   program);
        std::exit(kSkipped);
      }
    }
  }
};

CATCH_REGISTER_LISTENER(Requirements)

// A small ext4 with one file, and verbs to break it.
class Image {
 public:
  Image() {
    write_file(path(), "");
    std::filesystem::resize_file(path(), 4 << 20);
    run({"mkfs.ext4", "-F", "-q", path()});
    write_file(dir_ / "file", std::string(3000, 'x'));
    debugfs(fmt::format("write {} file", (dir_ / "file").string()));
  }

  void debugfs(const std::string& request) {
    run({"debugfs", "-w", "-R", request, path()});
  }

  void zero(std::uint64_t offset, std::size_t length) {
    std::string bytes = read_file(path());
    bytes.replace(offset, length, length, '\0');
    write_file(path(), bytes);
  }

  Verdict check() const {
    Subject subject;
    subject.disks = {path()};
    subject.scratch = dir_ / "";
    const auto checker = value_or_throw(make_ext4_checker("", {}));
    return value_or_throw(checker->run(subject)).at(0);
  }

 private:
  std::string path() const { return (dir_ / "image").string(); }

  static void run(std::vector<std::string> argv) {
    SubprocessOptions options;
    options.argv = std::move(argv);
    const ExitState state = value_or_throw(run_subprocess(options));
    INFO(state.output);
    REQUIRE(state.succeeded());
  }

  ScratchDir dir_;
};

bool has_code(const Verdict& verdict, const std::string& code) {
  return std::any_of(
      verdict.findings.begin(), verdict.findings.end(),
      [&](const Finding& finding) { return finding.key.starts_with(code); });
}

TEST_CASE("a sound ext4 is clean", "[checkers][ext4]") {
  const Image image;
  const Verdict verdict = image.check();
  CHECK(verdict.kind == Verdict::Kind::kClean);
  CHECK(verdict.output.find("Pass 5") != std::string::npos);
}

TEST_CASE("a wrong link count is a finding with its code", "[checkers][ext4]") {
  Image image;
  image.debugfs("set_inode_field file links_count 5");
  const Verdict verdict = image.check();
  REQUIRE(verdict.kind == Verdict::Kind::kFindings);
  REQUIRE(verdict.findings.size() == 1);
  CHECK(verdict.findings[0].key == "0x040003 ino=12 num=1");
  CHECK(verdict.findings[0].summary.find("ref count is 5") != std::string::npos);
  CHECK_FALSE(verdict.findings[0].blinding);
}

TEST_CASE("a lost inode is a finding by the name that remains", "[checkers][ext4]") {
  Image image;
  image.debugfs("clri file");
  const Verdict verdict = image.check();
  CHECK(verdict.kind == Verdict::Kind::kFindings);
  CHECK(has_code(verdict, "0x020003"));
  CHECK(has_code(verdict, "0x050006"));
}

TEST_CASE("free counts of the superblock may be wrong", "[checkers][ext4]") {
  Image image;
  image.debugfs("set_super_value free_blocks_count 7");
  image.debugfs("set_super_value free_inodes_count 7");
  CHECK(image.check().kind == Verdict::Kind::kClean);
}

TEST_CASE("wrong free counts do not hide another problem", "[checkers][ext4]") {
  Image image;
  image.debugfs("set_super_value free_blocks_count 7");
  image.debugfs("set_inode_field file links_count 5");
  const Verdict verdict = image.check();
  REQUIRE(verdict.kind == Verdict::Kind::kFindings);
  CHECK(has_code(verdict, "0x040003"));
  CHECK_FALSE(has_code(verdict, "0x05000f"));
}

TEST_CASE("zeros are no file system: a finding that blinds", "[checkers][ext4]") {
  Image image;
  image.zero(0, 4 << 20);
  const Verdict verdict = image.check();
  REQUIRE(verdict.kind == Verdict::Kind::kFindings);
  CHECK(has_code(verdict, "0x000004"));
  CHECK(std::all_of(verdict.findings.begin(), verdict.findings.end(),
                    [](const Finding& finding) { return finding.blinding; }));
}

TEST_CASE("a second look at a repaired image is clean", "[checkers][ext4]") {
  Image image;
  image.debugfs("clri file");
  CHECK(image.check().kind == Verdict::Kind::kFindings);
  CHECK(image.check().kind == Verdict::Kind::kClean);
}

TEST_CASE("the same image gives the same verdict", "[checkers][ext4]") {
  Image first;
  Image second;
  first.debugfs("set_inode_field file links_count 3");
  second.debugfs("set_inode_field file links_count 3");
  CHECK(first.check().same_as(second.check()));
}

}  // namespace
}  // namespace powercut
