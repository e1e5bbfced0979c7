// SPDX-License-Identifier: GPL-2.0-only
//
// The ext4 checker on plain images: silent on a sound one, and it fires on one that is
// not.

#include "checkers/ext4.h"

#include "base/stamp.h"
#include "checkers/ext2_files.h"
#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace powercut {
namespace {

using test::Image;
using test::run_program;
using test::with_data;

// A small ext4 with one file.
class Ext4Image : public Image {
 public:
  Ext4Image() : Image(4 << 20) {
    run_program({"mke2fs", "-F", "-q", "-t", "ext4", "-b", "4096", path()});
    add("file", std::string(3000, 'x'));
  }

  void add(const std::string& name, const std::string& content) const {
    std::ofstream(file(name)) << content;
    debugfs(fmt::format("write {} {}", file(name).string(), name));
  }

  void debugfs(const std::string& request) const {
    run_program({"debugfs", "-w", "-R", request, path()});
  }

  Judgement judge(const CheckerOptions& options = {}) const {
    const auto checker = value_or_throw(make_ext4_checker("", options));
    return value_or_throw(checker->run(subject()));
  }

  Verdict check() const { return judge().probes.at(0).verdict; }

  // The unit of a file, without options.
  Ext2DataUnit unit_of(const std::string& path, std::uint64_t offset_bytes) const {
    const Ext2Files files = value_or_throw(read_ext2_files(subject(), 0, {4096}));
    return *std::find_if(files.units.begin(), files.units.end(),
                         [&](const Ext2DataUnit& unit) {
                           return unit.path == path && unit.offset_bytes == offset_bytes;
                         });
  }

  // Stamps a unit as data of `inode` at `offset_bytes`.
  void stamp(const Ext2DataUnit& unit, std::uint64_t inode,
             std::uint64_t offset_bytes) const {
    std::string bytes(4096, '\0');
    for (std::size_t at = 0; at < bytes.size(); at += kStampBytes) {
      write_stamp({inode, unit.generation, offset_bytes + at, 1},
                  std::as_writable_bytes(std::span(bytes)).subspan(at, kStampBytes));
    }
    write(unit.pieces.at(0).on_disk, bytes);
  }
};

bool has_code(const Verdict& verdict, const std::string& code) {
  return std::any_of(
      verdict.findings.begin(), verdict.findings.end(),
      [&](const Finding& finding) { return finding.key.starts_with(code); });
}

TEST_CASE("a sound ext4 is clean", "[checkers][ext4]") {
  const Ext4Image image;
  const Verdict verdict = image.check();
  CHECK(verdict.kind == Verdict::Kind::kClean);
  CHECK(verdict.output.find("Pass 5") != std::string::npos);
}

TEST_CASE("a wrong link count is a finding with its code", "[checkers][ext4]") {
  const Ext4Image image;
  image.debugfs("set_inode_field file links_count 5");
  const Verdict verdict = image.check();
  REQUIRE(verdict.kind == Verdict::Kind::kFindings);
  REQUIRE(verdict.findings.size() == 1);
  CHECK(verdict.findings[0].key == "0x040003 ino=12 num=1");
  CHECK(verdict.findings[0].summary.find("ref count is 5") != std::string::npos);
  CHECK_FALSE(verdict.findings[0].blinding);
}

TEST_CASE("a lost inode is a finding by the name that remains", "[checkers][ext4]") {
  const Ext4Image image;
  image.debugfs("clri file");
  const Verdict verdict = image.check();
  CHECK(verdict.kind == Verdict::Kind::kFindings);
  CHECK(has_code(verdict, "0x020003"));
  CHECK(has_code(verdict, "0x050006"));
}

TEST_CASE("free counts of the superblock may be wrong", "[checkers][ext4]") {
  const Ext4Image image;
  image.debugfs("set_super_value free_blocks_count 7");
  image.debugfs("set_super_value free_inodes_count 7");
  CHECK(image.check().kind == Verdict::Kind::kClean);
}

TEST_CASE("wrong free counts do not hide another problem", "[checkers][ext4]") {
  const Ext4Image image;
  image.debugfs("set_super_value free_blocks_count 7");
  image.debugfs("set_inode_field file links_count 5");
  const Verdict verdict = image.check();
  REQUIRE(verdict.kind == Verdict::Kind::kFindings);
  CHECK(has_code(verdict, "0x040003"));
  CHECK_FALSE(has_code(verdict, "0x05000f"));
}

TEST_CASE("zeros are no file system: a finding that blinds", "[checkers][ext4]") {
  const Ext4Image image;
  image.write(0, std::string(4 << 20, '\0'));
  const Judgement judgement = image.judge(with_data());
  REQUIRE(judgement.probes.size() == 1);
  const Verdict& verdict = judgement.probes[0].verdict;
  REQUIRE(verdict.kind == Verdict::Kind::kFindings);
  CHECK(has_code(verdict, "0x000004"));
  CHECK(std::all_of(verdict.findings.begin(), verdict.findings.end(),
                    [](const Finding& finding) { return finding.blinding; }));
}

TEST_CASE("a second look at a repaired image is clean", "[checkers][ext4]") {
  const Ext4Image image;
  image.debugfs("clri file");
  CHECK(image.check().kind == Verdict::Kind::kFindings);
  CHECK(image.check().kind == Verdict::Kind::kClean);
}

TEST_CASE("the same image gives the same verdict", "[checkers][ext4]") {
  const Ext4Image first;
  const Ext4Image second;
  first.debugfs("set_inode_field file links_count 3");
  second.debugfs("set_inode_field file links_count 3");
  CHECK(first.check().same_as(second.check()));
}

TEST_CASE("the outcome is that of the tree that e2fsck leaves", "[checkers][ext4]") {
  const Ext4Image image;
  const Verdict verdict = image.check();
  const Ext2Files files = value_or_throw(read_ext2_files(image.subject(), 0));
  CHECK(verdict.outcome == digest_of(files.tree));
  image.debugfs("set_inode_field file mode 0100600");
  CHECK(image.check().outcome != verdict.outcome);
}

TEST_CASE("with data, each unit of a file is a probe", "[checkers][ext4]") {
  const Ext4Image image;
  image.add("long", std::string(9000, 'y'));
  const Judgement judgement = image.judge(with_data());
  std::vector<std::string> names;
  for (const Judgement::Probe& probe : judgement.probes) {
    names.push_back(probe.name);
    CHECK(probe.verdict.kind == Verdict::Kind::kClean);
    CHECK_FALSE(probe.verdict.outcome.empty());
  }
  CHECK(names == std::vector<std::string>{"base", "data:/file+0", "data:/long+0",
                                          "data:/long+4096", "data:/long+8192"});
  CHECK(image.probes() == std::vector<std::size_t>{1, 2, 3, 4});
}

TEST_CASE("data that is where its stamps say is clean, other data is stale",
          "[checkers][ext4]") {
  const Ext4Image image;
  image.add("long", std::string(8192, 'y'));
  const Ext2DataUnit unit = image.unit_of("/long", 4096);
  image.stamp(unit, unit.inode, 4096);
  const Judgement sound = image.judge(with_data());
  REQUIRE(sound.probes.size() == 4);
  CHECK(sound.probes[3].verdict.kind == Verdict::Kind::kClean);
  image.stamp(unit, unit.inode + 1, 4096);
  const Judgement stale = image.judge(with_data());
  CHECK(stale.probes[0].verdict.kind == Verdict::Kind::kClean);
  CHECK(stale.probes[2].verdict.kind == Verdict::Kind::kClean);
  const Verdict& verdict = stale.probes[3].verdict;
  REQUIRE(verdict.kind == Verdict::Kind::kFindings);
  CHECK(verdict.findings[0].key == "stale data in /long");
  CHECK(verdict.findings[0].summary.find("data of another file at 4096") !=
        std::string::npos);
  CHECK(verdict.outcome != sound.probes[3].verdict.outcome);
  image.stamp(unit, unit.inode, 0);
  CHECK(image.judge(with_data()).probes[3].verdict.kind == Verdict::Kind::kFindings);
}

TEST_CASE("files with verity stop a check with data, and no other", "[checkers][ext4]") {
  const Ext4Image image;
  run_program({"tune2fs", "-O", "verity", image.path()});
  image.debugfs("set_inode_field file flags 0x180000");
  const Verdict verdict = image.check();
  CHECK(verdict.kind == Verdict::Kind::kClean);
  CHECK(verdict.outcome.empty());
  const auto checker = value_or_throw(make_ext4_checker("", with_data()));
  const Result<Judgement> judged = checker->run(image.subject());
  REQUIRE_FALSE(judged.has_value());
  CHECK(judged.error().message.find("verity") != std::string::npos);
}

CheckerOptions observing(bool data) {
  CheckerOptions options = with_data();
  options.data = data;
  options.observe = true;
  return options;
}

TEST_CASE("the ext4 checker tells the tree, and the bytes of each unit",
          "[checkers][ext4][observe]") {
  const Ext4Image image;
  image.add("long", std::string(4096, 'y') + "the rest");
  image.debugfs("punch long 0 0");
  image.debugfs("set_inode_field file links_count 5");  // findings hide nothing
  const Judgement judgement = image.judge(observing(true));
  const Ext2Files files = value_or_throw(read_ext2_files(image.subject(), 0));
  const Observation& base = *judgement.probes.at(0).verdict.seen;
  CHECK(judgement.probes[0].verdict.kind == Verdict::Kind::kFindings);
  CHECK(base.files);
  CHECK(base.tree == files.tree);
  CHECK(base.tree.at(1).inode == files.tree.at(1).inode);
  REQUIRE(judgement.probes.size() == 3);
  const Observation& file = *judgement.probes[1].verdict.seen;
  CHECK(file.path == "/file");
  CHECK(file.offset_bytes == 0);
  CHECK(file.bytes == std::string(3000, 'x'));
  const Observation& rest = *judgement.probes[2].verdict.seen;
  CHECK(rest.path == "/long");
  CHECK(rest.offset_bytes == 4096);
  CHECK(rest.bytes == "the rest");
  CHECK(image.judge(observing(false)).probes.size() == 1);
  CHECK(image.judge(observing(false)).probes[0].verdict.seen != nullptr);
  CHECK(image.judge(with_data()).probes[0].verdict.seen == nullptr);
  CHECK(image.judge(with_data()).probes[1].verdict.seen == nullptr);
}

TEST_CASE("inline content is told, as a unit that reads nothing more",
          "[checkers][ext4][observe]") {
  const Ext4Image image;
  run_program({"mke2fs", "-F", "-q", "-t", "ext4", "-O", "inline_data", image.path()});
  image.add("small", "a few bytes");
  CHECK(image.judge(with_data()).probes.size() == 1);
  std::size_t reads_of_probe = 0;
  Subject subject = image.subject();
  const auto read = subject.read;
  subject.begin_probe = [&](std::size_t /*probe*/) {
    subject.read = [&](std::size_t disk, std::uint64_t offset, std::span<std::byte> out) {
      ++reads_of_probe;
      return read(disk, offset, out);
    };
  };
  const auto checker = value_or_throw(make_ext4_checker("", observing(true)));
  const Judgement judgement = value_or_throw(checker->run(subject));
  REQUIRE(judgement.probes.size() == 2);
  CHECK(judgement.probes[1].name == "data:/small+0");
  CHECK(judgement.probes[1].verdict.seen->bytes == "a few bytes");
  CHECK(reads_of_probe == 0);
}

TEST_CASE("who observes nothing does not pass", "[checkers][ext4][observe]") {
  const Ext4Image verity;
  run_program({"tune2fs", "-O", "verity", verity.path()});
  verity.debugfs("set_inode_field file flags 0x180000");
  const auto checker = value_or_throw(make_ext4_checker("", observing(false)));
  const Result<Judgement> judged = checker->run(verity.subject());
  REQUIRE_FALSE(judged.has_value());
  CHECK(judged.error().message.find("verity") != std::string::npos);
  const Ext4Image zeros;
  zeros.write(0, std::string(4 << 20, '\0'));
  const Verdict verdict = zeros.judge(observing(true)).probes.at(0).verdict;
  CHECK(verdict.kind == Verdict::Kind::kFindings);
  CHECK(verdict.seen == nullptr);
}

TEST_CASE("the ext4 checker refuses arguments and odd units", "[checkers][ext4]") {
  CHECK(make_ext4_checker("x", {}).error().kind == ErrorKind::kUsage);
  CHECK(make_ext4_checker("", with_data(1000)).error().kind == ErrorKind::kUsage);
  CheckerOptions long_units = observing(true);
  long_units.unit_bytes = 128 << 10;
  CHECK(make_ext4_checker("", long_units).error().kind == ErrorKind::kUsage);
  long_units.observe = false;
  CHECK(make_ext4_checker("", long_units).has_value());
  CHECK(value_or_throw(make_ext4_checker("cross", {}))->needs_mounter());
}

}  // namespace
}  // namespace powercut
