// SPDX-License-Identifier: GPL-2.0-only
//
// The files checker on plain images, with programs that are a line of shell.

#include "checkers/files.h"

#include "checkers/ext2_files.h"
#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using test::Image;
using test::run_program;

// A small ext4 with a file "ledger" of two lines.
class Ledger : public Image {
 public:
  explicit Ledger(const std::string& features = "^metadata_csum") : Image(4 << 20) {
    run_program(
        {"mke2fs", "-F", "-q", "-t", "ext4", "-b", "4096", "-O", features, path()});
    std::ofstream(file("ledger")) << "one\ntwo\n";
    debugfs(fmt::format("write {} ledger", file("ledger").native()));
  }

  void debugfs(const std::string& request) const {
    run_program({"debugfs", "-w", "-R", request, path()});
  }

  Result<Judgement> try_judge(const std::string& program,
                              const CheckerOptions& options = {}) const {
    const auto checker = value_or_throw(make_files_checker(program, options));
    return checker->run(subject());
  }

  Verdict judge(const std::string& program, const CheckerOptions& options = {}) const {
    const Judgement judgement = value_or_throw(try_judge(program, options));
    REQUIRE(judgement.probes.size() == 1);
    CHECK(judgement.probes[0].name == "base");
    CHECK(probes().empty());
    CHECK_FALSE(fs::exists(file("scratch") / "files"));  // nothing stays
    return judgement.probes[0].verdict;
  }
};

// Lists the ledger; complains if there is none.
const std::string kList =
    "sh -c 'test -e ledger || { echo the ledger is lost >&2; exit 1; }; "
    "sed s/^/have\\ / ledger'";

TEST_CASE("a program that is content: clean, with its claims", "[checkers][files]") {
  const Ledger image;
  const Verdict verdict = image.judge(kList);
  INFO(verdict.output);
  CHECK(verdict.kind == Verdict::Kind::kClean);
  REQUIRE(verdict.seen != nullptr);
  CHECK(verdict.seen->claims_made);
  CHECK(verdict.seen->claims == std::vector<std::string>{"one", "two"});
  CHECK_FALSE(verdict.seen->files);
  CHECK(verdict.output.find("Pass 5") != std::string::npos);
  CHECK(verdict.output.find("have one") != std::string::npos);
}

TEST_CASE("a state that lost a file: the program says so", "[checkers][files]") {
  const Ledger image;
  image.debugfs("rm ledger");
  const Verdict verdict = image.judge(kList);
  REQUIRE(verdict.kind == Verdict::Kind::kFindings);
  REQUIRE(verdict.findings.size() == 1);
  CHECK(verdict.findings[0].key == "sh gave exit code 1: the ledger is lost");
  CHECK(verdict.findings[0].summary == "sh gave exit code 1: the ledger is lost");
  CHECK(verdict.findings[0].blinding);
  REQUIRE(verdict.seen != nullptr);
  CHECK(verdict.seen->claims_made);
  CHECK(verdict.seen->claims.empty());
}

TEST_CASE("what e2fsck finds is a finding, and the program runs on what it leaves",
          "[checkers][files]") {
  const Ledger image;
  image.debugfs("set_inode_field ledger links_count 5");
  const Verdict verdict = image.judge(kList);
  REQUIRE(verdict.findings.size() == 1);
  CHECK(verdict.findings[0].key.starts_with("0x040003"));
  CHECK(verdict.seen->claims == std::vector<std::string>{"one", "two"});
}

TEST_CASE("claims are lines of standard output, in order, each once",
          "[checkers][files]") {
  CHECK(claims_in("have b\nhave a\n have c\nhaved\nhave\nhave b\nhave a b \nhave x") ==
        std::vector<std::string>{"b", "a", "a b ", "x"});
  CHECK(claims_in("").empty());
  const Verdict verdict = Ledger().judge("sh -c 'echo have not >&2; echo have it'");
  CHECK(verdict.seen->claims == std::vector<std::string>{"it"});
}

TEST_CASE("the directory is the program's own, and its name says nothing",
          "[checkers][files]") {
  const std::string program =
      "sh -c 'pwd; echo $1; echo have $(pwd)/x; echo $1 >&2; ls -A; echo > new; "
      "echo changed > ledger; exit 4' name {}";
  const Ledger first;
  const Ledger second;
  const Verdict verdict = first.judge(program);
  CHECK(verdict.output.find("{}\n{}\nhave {}/x\nledger\nlost+found\n") !=
        std::string::npos);
  CHECK(verdict.seen->claims == std::vector<std::string>{"{}/x"});
  CHECK(verdict.findings.at(0).key == "sh gave exit code 4: {}");
  const Verdict again = first.judge(program);
  const Verdict other = second.judge(program);
  CHECK(again.outcome == verdict.outcome);
  CHECK(other.findings.at(0).summary == verdict.findings.at(0).summary);
  CHECK(other.same_as(verdict));
  CHECK(other.seen->claims == verdict.seen->claims);
}

TEST_CASE("the outcome has the tree and the claims", "[checkers][files]") {
  const Ledger image;
  const std::string before = image.judge(kList).outcome;
  CHECK_FALSE(before.empty());
  CHECK(image.judge("echo have one").outcome != before);
  image.debugfs("set_inode_field ledger mode 0100600");
  CHECK(image.judge(kList).outcome != before);
}

TEST_CASE("to observe, the tree is told too", "[checkers][files][observe]") {
  const Ledger image;
  CheckerOptions options;
  options.observe = true;
  const Verdict verdict = image.judge(kList, options);
  REQUIRE(verdict.seen != nullptr);
  CHECK(verdict.seen->files);
  CHECK(verdict.seen->claims_made);
  CHECK(verdict.seen->tree == value_or_throw(read_ext2_files(image.subject(), 0)).tree);
}

TEST_CASE("exit codes named clean are clean", "[checkers][files]") {
  CheckerOptions options;
  options.clean_exit_codes = {3};
  CHECK(Ledger().judge("sh -c 'exit 3'", options).kind == Verdict::Kind::kClean);
  CHECK(Ledger().judge("true", options).kind == Verdict::Kind::kFindings);
}

TEST_CASE("the summary has the last lines of standard error, the key no numbers",
          "[checkers][files]") {
  const Verdict verdict = Ledger().judge(
      "sh -c 'echo out; for i in 1 2 3 4; do echo line $i >&2; done; exit 7'");
  CHECK(verdict.findings.at(0).key == "sh gave exit code 7: line #");
  CHECK(verdict.findings.at(0).summary ==
        "sh gave exit code 7: line 2 | line 3 | line 4");
  CHECK(Ledger().judge("sh -c 'echo out; echo; exit 7'").findings.at(0).summary ==
        "sh gave exit code 7: out");
}

TEST_CASE("a program that is ended is inconclusive", "[checkers][files]") {
  const Verdict killed = Ledger().judge("sh -c 'echo have one; kill -SEGV $$'");
  CHECK(killed.kind == Verdict::Kind::kInconclusive);
  CHECK(killed.reason.find("signal 11") != std::string::npos);
  CHECK(killed.seen == nullptr);
  CheckerOptions options;
  options.timeout = std::chrono::milliseconds(500);
  const Verdict slow = Ledger().judge("sleep 1000", options);
  CHECK(slow.kind == Verdict::Kind::kInconclusive);
  CHECK(slow.reason.find("timed out") != std::string::npos);
  const Ledger bad;
  bad.debugfs("set_inode_field ledger links_count 5");
  const Verdict found = bad.judge("sh -c 'kill -SEGV $$'");
  CHECK(found.kind == Verdict::Kind::kFindings);
  CHECK(found.seen == nullptr);
}

TEST_CASE("a hostile disk does not write outside", "[checkers][files]") {
  const Ledger image;
  const fs::path outside = image.file("outside");
  fs::create_directory(outside);
  image.debugfs(fmt::format("symlink exit {}", outside.native()));
  image.debugfs("write " + image.file("ledger").native() + " aaaaaaaaaaaaaaaaa");
  image.debugfs("write " + image.file("ledger").native() + " exitbfile");
  // Names that no kernel makes: up twice, and through the link.
  std::string all = image.read(0, image.size_bytes());
  const auto rename = [&](const std::string& from, const std::string& to) {
    const std::size_t at = all.find(from);
    REQUIRE(at != std::string::npos);
    image.write(at, to);
  };
  rename("aaaaaaaaaaaaaaaaa", "../../outside/new");
  rename("exitbfile", "exit/file");
  const Result<Ext2Files> files = read_ext2_files(image.subject(), 0);
  REQUIRE(files.has_value());
  CHECK(std::any_of(files->tree.begin(), files->tree.end(), [](const FileNode& node) {
    return node.path == "/../../outside/new";
  }));
  const Verdict verdict = image.judge("find . -mindepth 1");
  CHECK(verdict.kind == Verdict::Kind::kFindings);
  CHECK(fs::is_empty(outside));
  CHECK(verdict.output.find("./exit\n") != std::string::npos);  // a link, as it is
}

TEST_CASE("another file system is an error that says which", "[checkers][files]") {
  const Ledger image;
  image.write(0, std::string(image.size_bytes(), '\0'));
  const Verdict zeros = image.judge(kList);
  REQUIRE(zeros.kind == Verdict::Kind::kFindings);
  CHECK(zeros.findings[0].blinding);
  CHECK(zeros.seen == nullptr);
  const std::vector<std::pair<std::uint64_t, std::string>> others = {
      {0, "XFSB"}, {0x10040, "_BHRfS_M"}, {1024, "\x10\x20\xf5\xf2"}, {0x52, "FAT32   "}};
  for (const auto& [offset, magic] : others) {
    image.write(offset, magic);
    const Result<Judgement> judged = image.try_judge(kList);
    image.write(offset, std::string(magic.size(), '\0'));
    REQUIRE_FALSE(judged.has_value());
    CHECK(judged.error().kind == ErrorKind::kUsage);
    CHECK(judged.error().message.find("ext2, ext3 and ext4 only") != std::string::npos);
    CHECK_FALSE(judged.error().hint.empty());
  }
}

TEST_CASE("files that cannot be copied stop a check", "[checkers][files]") {
  const Ledger image("verity");
  image.debugfs("set_inode_field ledger flags 0x180000");
  const Result<Judgement> judged = image.try_judge(kList);
  REQUIRE_FALSE(judged.has_value());
  CHECK(judged.error().message.find("verity") != std::string::npos);
}

TEST_CASE("everything is read in the base, content too", "[checkers][files]") {
  const Ledger image;
  const Ext2Files files = value_or_throw(read_ext2_files(image.subject(), 0, {4096}));
  const std::uint64_t place = files.units.at(0).pieces.at(0).on_disk;
  Subject subject = image.subject();
  const auto read = subject.read;
  bool content_read = false;
  subject.read = [&](std::size_t disk, std::uint64_t offset, std::span<std::byte> out) {
    content_read = content_read || (offset <= place && place < offset + out.size());
    return read(disk, offset, out);
  };
  value_or_throw(value_or_throw(make_files_checker("true", {}))->run(subject));
  CHECK(content_read);
  CHECK(image.probes().empty());
}

TEST_CASE("the files checker needs a program that is there, and no --data",
          "[checkers][files]") {
  CHECK(make_files_checker("", {}).error().kind == ErrorKind::kUsage);
  CHECK(make_files_checker("powercut-no-such-program", {}).error().kind ==
        ErrorKind::kMissing);
  CHECK(make_files_checker("true", test::with_data()).error().kind == ErrorKind::kUsage);
  const auto checker = value_or_throw(make_files_checker("true  x", {}));
  CHECK(checker->name() == "files:true  x");
  CHECK(checker->tier() == Tier::kProved);
  CHECK_FALSE(checker->needs_mounter());
}

}  // namespace
}  // namespace powercut
