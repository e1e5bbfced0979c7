// SPDX-License-Identifier: GPL-2.0-only
//
// Scenarios of the raw disk, and of power cuts during recovery: what is read, and what is
// refused with its line.

#include "workload/raw_disk.h"
#include "workload/scenario.h"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

namespace powercut {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

void check_refused(const Texts& all) {
  for (const auto& [text, message] : all) {
    INFO(text);
    const Result<Scenario> scenario = parse_scenario(text, "dir/a.scenario");
    REQUIRE_FALSE(scenario);
    CHECK(scenario.error().kind == ErrorKind::kUsage);
    CHECK_THAT(scenario.error().message + " | " + scenario.error().hint,
               Catch::StartsWith(message));
  }
}

std::string on_disk(const std::string& operation) {
  return "fs none\nworkload {\n  open @d disk\n  " + operation + "\n}\n";
}

TEST_CASE("a workload on the raw disk is about the file disk", "[scenario][raw]") {
  const std::string text =
      "fs none\nexpect clean\nworkload {\n"
      "  open @d disk dsync direct\n  write @d 4K 4K\n  submit @d 8K 4K as b\n"
      "  wait b\n  acknowledge b\n  fsync @d\n  fdatasync disk\n  write disk 0 512\n"
      "  drop-caches\n  sleep 1\n  mark here\n  close @d\n  open @r disk rdonly\n}\n";
  const Result<Scenario> scenario = parse_scenario(text, "a.scenario");
  INFO((scenario ? "" : scenario.error().message));
  REQUIRE(scenario);
  CHECK(scenario->file_system == "none");
  CHECK(scenario->workload.operations.size() == 13);
  const Result<Scenario> again = parse_scenario(to_text(*scenario), "a.scenario");
  REQUIRE(again);
  CHECK(to_text(*again) == to_text(*scenario));
}

TEST_CASE("what makes no sense on a raw disk is told with its line", "[scenario][raw]") {
  Texts all;
  for (const char* text :
       {"creat disk", "mkdir A", "append @d 4K", "truncate @d 0", "sync", "syncfs",
        "rename disk b", "unlink disk", "mmap-write @d 0 4K", "chmod disk 0600",
        "falloc @d punch 0 4K", "setxattr disk user.a b", "symlink a b"}) {
    all.emplace_back(on_disk(text), "a.scenario:4: '" + std::string(text) +
                                        "' on a raw disk | it takes");
  }
  check_refused(all);
  check_refused({
      {on_disk("write foo 0 4K"),
       "a.scenario:4: 'write foo 0 4K': a raw disk has no 'foo'"},
      {on_disk("fsync /"), "a.scenario:4: 'fsync /': a raw disk has no '/'"},
      {on_disk("open @e A/disk"), "a.scenario:4: 'open @e A/disk': a raw disk has no"},
      {on_disk("open @e disk create"),
       "a.scenario:4: 'open @e disk create': the raw disk"},
      {on_disk("open @e disk append"),
       "a.scenario:4: 'open @e disk append': the raw disk"},
      {on_disk("open @e disk trunc"), "a.scenario:4: 'open @e disk trunc': the raw disk"},
      {"promise +file-names\n" + on_disk("fsync @d"), "a.scenario: 'fs none' with a 'pr"},
      {"checker ext4\n" + on_disk("fsync @d"), "a.scenario: 'fs none' with a 'checker'"},
      {"mkfs -q\n" + on_disk("fsync @d"), "a.scenario: 'fs none' with a 'mkfs'"},
      {"depth 2\n" + on_disk("fsync @d"), "a.scenario: 'fs none' with a 'depth'"},
  });
}

TEST_CASE("depth and the fault of recovery are read and printed", "[scenario]") {
  const std::string rest = "expect clean\nworkload {\n  sync\n}\n";
  const Result<Scenario> scenario = parse_scenario(
      "fs ext4\ndepth 2\nrecovery-fault ignore-flush:all\n" + rest, "a.scenario");
  REQUIRE(scenario);
  CHECK(scenario->depth == 2);
  CHECK(scenario->recovery_fault == "ignore-flush:all");
  CHECK(scenario->fault.empty());
  CHECK(to_text(*scenario) ==
        "fs ext4\ndepth 2\nrecovery-fault ignore-flush:all\nexpect clean\nworkload {\n"
        "  sync\n}\n");
  const Result<Scenario> plain =
      parse_scenario("fs ext4\ndepth 1\n" + rest, "a.scenario");
  REQUIRE(plain);
  CHECK(plain->depth == 1);
  CHECK(to_text(*plain).find("depth") == std::string::npos);
  check_refused({
      {"fs ext4\ndepth 3\n" + rest, "a.scenario:2: a depth of '3' | 1, or 2"},
      {"fs ext4\ndepth two\n" + rest, "a.scenario:2: a depth of 'two'"},
      {"fs ext4\ndepth 2\nrecovery-fault slow\n" + rest,
       "a.scenario:3: unknown fault 'slow'"},
      {"fs ext4\nrecovery-fault ignore-flush:all\n" + rest,
       "a.scenario: a 'recovery-fault' without 'depth 2'"},
  });
}

}  // namespace
}  // namespace powercut
