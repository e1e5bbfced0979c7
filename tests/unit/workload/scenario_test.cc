// SPDX-License-Identifier: GPL-2.0-only

#include "workload/scenario.h"

#include "base/random.h"
#include "tests/support/scratch_dir.h"
#include "tests/unit/workload/random_workload_text.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace powercut {
namespace {

Scenario parsed(std::string_view text) {
  Result<Scenario> scenario = parse_scenario(text, "dir/a-name.scenario");
  INFO((scenario ? "" : scenario.error().message));
  REQUIRE(scenario);
  return *scenario;
}

std::string problem(std::string_view text) {
  Result<Scenario> scenario = parse_scenario(text, "dir/a.scenario");
  INFO(text);
  REQUIRE_FALSE(scenario);
  CHECK(scenario.error().kind == ErrorKind::kUsage);
  return scenario.error().message + " | " + scenario.error().hint;
}

Scenario without_lines(Scenario scenario) {
  for (Operation& operation : scenario.workload.operations) {
    operation.line = 0;
  }
  return scenario;
}

constexpr const char* kWhole =
    "# Everything but a script.\n"
    "about The rename is lost\n"
    "about although the directory was synced. # not a comment\n"
    "source https://example.org/a#b\n"
    "source fstests generic/034\n"
    "needs sqlite3\n"
    "fs btrfs\n"
    "size 256M\n"
    "block 512\n"
    "mkfs -O extref \"-L a b\"\n"
    "mount noatime,flushoncommit\n"
    "checker btrfs --mode lowmem\n"
    "promise +replace-via-rename\n"
    "promise -fsync-of-a-name\n"
    "promise plain\n"
    "atomic 512\n"
    "model ordered\n"
    "fault ignore-flush:3\n"
    "expect finding \"foo is \\\"gone\\\"\" kernel -6.5\n"
    "expect clean\n"
    "workload {\n"
    "  repeat i 1 2 {\n"
    "    creat f$i\n"
    "  }\n"
    "\n"
    "  fsync f1\n"
    "}\n"
    "verify {\n"
    "  f() {\n"
    "    echo have 1\n"
    "  }\n"
    "\n"
    "  f\n"
    "}\n";

TEST_CASE("every directive is read", "[scenario]") {
  const Scenario scenario = parsed(kWhole);
  CHECK(scenario.name == "a-name");
  CHECK(scenario.path == "dir/a-name.scenario");
  CHECK(scenario.about ==
        "The rename is lost\nalthough the directory was synced. # not a comment");
  CHECK(scenario.sources ==
        std::vector<std::string>{"https://example.org/a#b", "fstests generic/034"});
  CHECK(scenario.needs == std::vector<std::string>{"sqlite3"});
  CHECK(scenario.file_system == "btrfs");
  CHECK(scenario.size_bytes == 256U << 20);
  CHECK(scenario.block_bytes == 512);
  CHECK(scenario.mkfs_options == std::vector<std::string>{"-O", "extref", "-L a b"});
  CHECK(scenario.mount_options == "noatime,flushoncommit");
  CHECK(scenario.checker == "btrfs --mode lowmem");
  CHECK(scenario.promises ==
        std::vector<std::string>{"+replace-via-rename", "-fsync-of-a-name", "+plain"});
  CHECK(scenario.atomic == "512");
  CHECK(scenario.model == "ordered");
  CHECK(scenario.fault == "ignore-flush:3");
  REQUIRE(scenario.expectations.size() == 2);
  CHECK(scenario.expectations[0].finding);
  CHECK(scenario.expectations[0].text == "foo is \"gone\"");
  CHECK_FALSE(scenario.expectations[1].finding);
  REQUIRE(scenario.workload.operations.size() == 3);
  CHECK(scenario.workload.operations[1].path == "f2");
  CHECK(scenario.workload.operations[1].line == 23);
  CHECK(scenario.workload.operations[2].line == 26);
  CHECK(scenario.verify == "f() {\n  echo have 1\n}\n\nf\n");
  CHECK(scenario.script.empty());
}

TEST_CASE("a scenario parses back from its text", "[scenario]") {
  const Scenario scenario = parsed(kWhole);
  const std::string text = to_text(scenario);
  INFO(text);
  CHECK(without_lines(parsed(text)) == without_lines(scenario));
  CHECK(to_text(parsed(text)) == text);
}

TEST_CASE("random scenarios parse back from their text", "[scenario]") {
  const std::vector<std::string> scripts = {"", "a\n", "a {\n  b\n}\n", "\n\na\n\n\tb\n"};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    RandomText text(seed);
    Scenario scenario;
    scenario.name = "a-name";
    scenario.path = "dir/a-name.scenario";
    scenario.file_system = "ext4";
    scenario.workload = text.workload(5);
    scenario.verify = scripts[random.below(scripts.size())];
    scenario.size_bytes = 4096 * random.below(100000);
    scenario.mkfs_options.assign(random.below(4), text.text(10));
    scenario.needs.assign(random.below(2), text.text(10));
    if (random.below(2) == 0) {
      scenario.mount_options = text.text(10);
    }
    for (std::uint64_t i = random.below(3); i > 0; --i) {
      Expectation expectation;
      expectation.finding = random.below(2) == 0;
      if (expectation.finding && random.below(2) == 0) {
        expectation.text = text.text(10);
      }
      Result<KernelRange> range = parse_kernel_range(i == 1 ? "6.1.2-6.6" : "-5.15");
      REQUIRE(range);
      expectation.kernels = *range;
      scenario.expectations.push_back(expectation);
    }
    INFO(to_text(scenario));
    REQUIRE(without_lines(parsed(to_text(scenario))) == scenario);
  }
}

TEST_CASE("a block ends where its brace is below the directive", "[scenario]") {
  const Scenario scenario = parsed(
      "  fs none\r\n"
      "  checker command:true\n"
      "  script {\r\n"
      "    if true; then\n"
      "      cat <<END\n"
      "      x\n"
      "  #\n"
      "END\n"
      "    }\n"
      "  }\n");
  // A line of the script begins in the first column: nothing is common.
  CHECK(scenario.script ==
        "    if true; then\n      cat <<END\n      x\n  #\nEND\n    }\n");
  CHECK_THAT(problem("fs ext4\nworkload {\n  sync\n  }\n"),
             Catch::StartsWith("a.scenario:2: 'workload {' without a '}'") &&
                 Catch::Contains("that of line 4 is not as far to the right"));
  // A brace in the first column is the workload's, and so the repeat has none.
  CHECK_THAT(problem("fs ext4\nworkload {\nrepeat i 1 2 {\nsync\n}\n}\n"),
             Catch::StartsWith("a.scenario:3: '{' without a '}'"));
}

TEST_CASE("the first expectation for a kernel counts", "[scenario]") {
  const Scenario scenario = parsed(
      "fs ext4\n"
      "expect finding \"a\" kernel 6.1-6.6\n"
      "expect finding kernel 6.6-6.8\n"
      "expect clean\n"
      "workload {\nsync\n}\n");
  CHECK(scenario.expected_on({{6, 1, 4}}).text == "a");
  CHECK(scenario.expected_on({{6, 6, 4}}).text == "a");
  CHECK(scenario.expected_on({{6, 7, 4}}).finding);
  CHECK(scenario.expected_on({{6, 7, 4}}).text.empty());
  CHECK_FALSE(scenario.expected_on({{6, 9, 0}}).finding);
  CHECK_FALSE(parsed("fs ext4\nworkload {\nsync\n}\n").expected_on({{6, 1, 0}}).finding);
}

TEST_CASE("what is wrong in a scenario is told", "[scenario]") {
  const std::string rest = "\nfs ext4\nworkload {\n  sync\n}\n";
  const std::vector<std::pair<std::string, std::string>> all = {
      {"", "a.scenario: 'fs' is missing"},
      {"fs ext4", "a.scenario: no workload and no script"},
      {"fs ext4\nscript {\n  a\n}\nworkload {\n  sync\n}", "a.scenario: a workload and"},
      {"fs ext4\nscript {\n  a\n}", "a.scenario: a script without a verify or a checker"},
      {"fs none\nverify {\n  a\n}\nworkload {\n  fsync disk\n}",
       "a.scenario: 'fs none' with a 'verify'"},
      {"fs none\nmount x\nchecker c\nscript {\n  a\n}",
       "a.scenario: 'fs none' with a 'mount'"},
      {"\nfs ext5", "a.scenario:2: unknown file system 'ext5' | did you mean ext4?"},
      {"fs zfs4", "a.scenario:1: unknown file system 'zfs4'"},
      {"fs ext4 xfs", "a.scenario:1: fs: one word is wanted, not 'ext4 xfs'"},
      {"fs ext4\nfs xfs", "a.scenario:2: 'fs' twice"},
      {"fs", "a.scenario:1: 'fs' without a word"},
      {"about", "a.scenario:1: 'about' without a word"},
      {"verifi {", "a.scenario:1: unknown directive 'verifi' | did you mean verify?"},
      {"workload", "a.scenario:1: 'workload' without a block"},
      {"workload { sync }", "a.scenario:1: 'workload' without a block"},
      {"workload {\n\n}", "a.scenario:1: a workload without an operation"},
      {"workload {\n\n  fsyn\n}",
       "a.scenario:3: unknown operation 'fsyn' | did you mean fsync?"},
      {"script {\n\n}", "a.scenario:1: script without a command"},
      {"script {\n", "a.scenario:1: 'script {' without a '}'"},
      {"size 0" + rest, "a.scenario:1: a disk of 0 bytes"},
      {"size 1000" + rest, "a.scenario:1: a disk of 1000 bytes"},
      {"size big" + rest, "a.scenario:1: 'big' is no size"},
      {"block 8192" + rest, "a.scenario:1: a block of 8192 bytes"},
      {"atomic 3" + rest, "a.scenario:1: cannot take '3' as the atomic unit"},
      {"model slow" + rest, "a.scenario:1: unknown device model 'slow'"},
      {"fault melted" + rest, "a.scenario:1: unknown fault 'melted'"},
      {"promise +" + rest, "a.scenario:1: '+' is no promise"},
      {"expect" + rest, "a.scenario:1: 'expect' without a word"},
      {"expect trouble" + rest, "a.scenario:1: nobody can expect 'trouble'"},
      {"expect clean \"x\"" + rest, "a.scenario:1: expect: 'x' is too much"},
      {"expect finding x" + rest, "a.scenario:1: expect: 'x' is too much"},
      {"expect clean kernel" + rest, "a.scenario:1: expect: 'kernel' is too much"},
      {"expect clean kernel 6.x" + rest, "a.scenario:1: '6.x' is no range of kernels"},
      {"expect clean kernel 6.2-6.1" + rest, "a.scenario:1: no kernel is in the range"},
      {"expect clean\nexpect finding" + rest, "a.scenario:2: expect: never used"},
      {"mount \"a" + rest, "a.scenario:1: the quote of '\"a' does not end"},
      {"about a\x01" + rest, "a.scenario:1: a control character (0x01)"},
  };
  for (const auto& [text, message] : all) {
    CHECK_THAT(problem(text), Catch::StartsWith(message));
  }
}

TEST_CASE("hostile scenarios are parsed or refused", "[scenario]") {
  Random random(5);
  const std::string whole = kWhole;
  std::size_t good = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string text = whole;
    for (std::uint64_t i = 0; i <= random.below(3); ++i) {
      const std::size_t at = random.below(text.size());
      const std::size_t from = random.below(whole.size());
      switch (random.below(4)) {
        case 0:
          text.erase(at, random.below(40));
          break;
        case 1:
          text.insert(at, whole.substr(from, random.below(40)));
          break;
        case 2:
          text[at] = static_cast<char>(random.below(256));
          break;
        default:
          text.resize(at);
          break;
      }
      if (text.empty()) {
        break;
      }
    }
    Result<Scenario> scenario = parse_scenario(text, "dir/a-name.scenario");
    if (!scenario) {
      REQUIRE_THAT(scenario.error().message, Catch::StartsWith("a-name.scenario:"));
      continue;
    }
    ++good;
    INFO(text << "\n--- printed:\n" << to_text(*scenario));
    REQUIRE(without_lines(parsed(to_text(*scenario))) == without_lines(*scenario));
  }
  CHECK(good > 200);
  CHECK(good < 4800);
}

TEST_CASE("a scenario is read from a file, or the file is named", "[scenario]") {
  ScratchDir scratch;
  const std::filesystem::path path = scratch / "x.scenario";
  std::ofstream(path) << kWhole;
  Result<Scenario> scenario = read_scenario(path);
  REQUIRE(scenario);
  CHECK(scenario->name == "x");
  CHECK(scenario->path == path);
  const Result<Scenario> gone = read_scenario(scratch / "gone.scenario");
  REQUIRE_FALSE(gone);
  CHECK_THAT(gone.error().message, Catch::Contains("gone.scenario"));
  CHECK_FALSE(read_scenario(scratch / "."));
}

}  // namespace
}  // namespace powercut
