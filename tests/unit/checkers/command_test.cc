// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/command.h"

#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

using Words = std::vector<std::string>;

// Runs the command checker on disks that are only names.
struct Shell {
  Shell() {
    subject.disks = {"/disk0", "/disk1"};
    subject.scratch = scratch / "";
    subject.begin_probe = [](std::size_t) {};
  }

  Verdict run(const std::string& command) const {
    const auto checker = value_or_throw(make_command_checker(command, options));
    const Judgement judgement = value_or_throw(checker->run(subject));
    REQUIRE(judgement.probes.size() == 1);
    CHECK(judgement.probes[0].name == "base");
    return judgement.probes[0].verdict;
  }

  ScratchDir scratch;
  Subject subject;
  CheckerOptions options;
};

Words words(const std::string& text) {
  return value_or_throw(split_words(text));
}

TEST_CASE("words are split at blanks", "[checkers][command]") {
  CHECK(words("") == Words{});
  CHECK(words("  e2fsck\t-fn \n {} ") == Words{"e2fsck", "-fn", "{}"});
}

TEST_CASE("quotes and backslashes work as in a shell", "[checkers][command]") {
  CHECK(words("'a b' \"c d\" e\\ f") == Words{"a b", "c d", "e f"});
  CHECK(words("a'b'\"c\"d") == Words{"abcd"});
  CHECK(words("'' \"\"") == Words{"", ""});
  CHECK(words(R"('\' "\"" \\)") == Words{"\\", "\"", "\\"});
  CHECK(words("'\"'") == Words{"\""});
}

TEST_CASE("in double quotes a backslash stays before a letter", "[checkers][command]") {
  CHECK(words(R"("grep \d" x)") == Words{R"(grep \d)", "x"});
}

TEST_CASE("a quote that is not closed is refused", "[checkers][command]") {
  CHECK_FALSE(split_words("a 'b"));
  CHECK_FALSE(split_words("\"a\\\""));
}

TEST_CASE("a command must name the disk and exist", "[checkers][command]") {
  CHECK_FALSE(make_command_checker("", {}));
  CHECK_FALSE(make_command_checker("true", {}));
  CHECK(make_command_checker("true {0}", {}));
  const auto missing = make_command_checker("powercut-no-such-program {}", {});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::kMissing);
}

TEST_CASE("the name is what was typed", "[checkers][command]") {
  const auto checker = value_or_throw(make_checker("command:true  {}", {}));
  CHECK(checker->name() == "command:true  {}");
  CHECK(checker->tier() == Tier::kProved);
  CHECK_FALSE(checker->needs_mounter());
}

TEST_CASE("exit code 0 is clean", "[checkers][command]") {
  const Verdict verdict = Shell().run("sh -c 'echo fine' {}");
  CHECK(verdict.kind == Verdict::Kind::kClean);
  CHECK(verdict.output == "fine\n");
}

TEST_CASE("any other exit code is a finding with the last line", "[checkers][command]") {
  const Verdict verdict = Shell().run("sh -c 'echo one; echo two; echo; exit 3' {}");
  REQUIRE(verdict.findings.size() == 1);
  CHECK(verdict.kind == Verdict::Kind::kFindings);
  CHECK(verdict.findings[0].key == "exit 3");
  CHECK(verdict.findings[0].summary == "sh gave exit code 3: two");
}

TEST_CASE("exit codes named clean are clean, 0 only if it is named",
          "[checkers][command]") {
  Shell shell;
  shell.options.clean_exit_codes = {1, 4};
  CHECK(shell.run("sh -c 'exit 4' {}").kind == Verdict::Kind::kClean);
  CHECK(shell.run("sh -c 'exit 2' {}").kind == Verdict::Kind::kFindings);
  CHECK(shell.run("sh -c 'exit 0' {}").kind == Verdict::Kind::kFindings);
}

TEST_CASE("every {} and {N} becomes a path", "[checkers][command]") {
  const Shell shell;
  CHECK(shell.run("echo {} {0}:{1} x{}y").output == "/disk0 /disk0:/disk1 x/disk0y\n");
}

TEST_CASE("a checker runs in its worker's directory", "[checkers][command]") {
  const Shell shell;
  shell.run("sh -c 'echo here > file' {}");
  CHECK(std::filesystem::exists(shell.scratch / "file"));
}

TEST_CASE("a checker that a signal ends is inconclusive", "[checkers][command]") {
  const Verdict verdict = Shell().run("sh -c 'kill -SEGV $$' {}");
  CHECK(verdict.kind == Verdict::Kind::kInconclusive);
  CHECK(verdict.reason.find("signal 11") != std::string::npos);
}

TEST_CASE("a checker that takes too long is inconclusive", "[checkers][command]") {
  Shell shell;
  shell.options.timeout = std::chrono::milliseconds(50);
  const Verdict slow = shell.run("sh -c 'sleep 1000' {}");
  CHECK(slow.kind == Verdict::Kind::kInconclusive);
  CHECK(slow.reason.find("timed out") != std::string::npos);
}

}  // namespace
}  // namespace powercut
