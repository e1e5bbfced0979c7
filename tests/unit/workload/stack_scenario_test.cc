// SPDX-License-Identifier: GPL-2.0-only
//
// The directives of scenarios that are about stacks of disks.

#include "workload/scenario.h"

#include <catch2/catch.hpp>

#include <string>

namespace powercut {
namespace {

constexpr const char* kScripts =
    "stack {\n"
    "  up() { true; }\n"
    "}\n"
    "script {\n"
    "  up\n"
    "}\n"
    "verify {\n"
    "  up\n"
    "}\n";

std::string problem(const std::string& text) {
  const Result<Scenario> scenario = parse_scenario(text, "dir/a.scenario");
  INFO(text);
  REQUIRE_FALSE(scenario);
  CHECK(scenario.error().kind == ErrorKind::kUsage);
  return scenario.error().message;
}

TEST_CASE("a scenario of a stack is read, and printed as it was read",
          "[workload][scenario][stack]") {
  const Scenario scenario = value_or_throw(
      parse_scenario(std::string("needs mdadm\nmodule raid1\nbuild dm-clone:x\n"
                                 "recorder observe\nstates live\ntier inferred\n"
                                 "disk meta 4M domain 1\ndisk data_2 64K domain 1\n") +
                         kScripts,
                     "dir/a.scenario"));
  REQUIRE(scenario.disks.size() == 2);
  CHECK(scenario.disks[0] == StackDisk{"meta", 4 << 20, 1});
  CHECK(scenario.disks[1] == StackDisk{"data_2", 64 << 10, 1});
  CHECK(scenario.modules == std::vector<std::string>{"raid1"});
  CHECK(scenario.builds == std::vector<std::string>{"dm-clone:x"});
  CHECK(scenario.observe);
  CHECK(scenario.live);
  CHECK(scenario.inferred);
  CHECK(scenario.file_system == "none");
  CHECK(scenario.stack == "up() { true; }\n");
  const Scenario again =
      value_or_throw(parse_scenario(to_text(scenario), "dir/a.scenario"));
  CHECK(again == scenario);
}

TEST_CASE("what is wrong with a stack is told with its line",
          "[workload][scenario][stack]") {
  const std::string scripts = kScripts;
  CHECK(problem("disk Meta 4M\n" + scripts) ==
        "a.scenario:1: 'Meta' is no name for a disk");
  CHECK(problem("disk meta 4K\n" + scripts) == "a.scenario:1: a disk of 4096 bytes");
  CHECK(problem("disk meta\n" + scripts) ==
        "a.scenario:1: disk: a name and a size are wanted");
  CHECK(problem("disk meta 1M domain x\n" + scripts) ==
        "a.scenario:1: 'x' is no flush domain");
  CHECK(problem("disk a 1M\n\ndisk a 2M\n" + scripts)
            .starts_with("a.scenario:3: two disks are called"));
  CHECK(problem("disk a 1M\nrecorder look\n" + scripts)
            .starts_with("a.scenario:2: recorder:"));
  CHECK(problem("fs ext4\ndisk a 1M\n" + scripts) == "a.scenario: 'fs ext4' with disks");
  CHECK(problem("disk a 1M\nmount noatime\n" + scripts) ==
        "a.scenario: a 'mount' with disks");
  CHECK(problem("disk a 1M\nchecker raw\n" + scripts) ==
        "a.scenario: a 'checker' with disks");
  for (const char* other : {"", " domain 2"}) {
    CHECK(problem(std::string("states live\ndisk a 1M domain 1\ndisk b 1M") + other +
                  "\n" + scripts) ==
          "a.scenario: 'states live' with disks of several flush domains");
  }
  CHECK(value_or_throw(parse_scenario("states live\ndisk a 1M\n" + scripts, "a.scenario"))
            .live);
  CHECK_FALSE(value_or_throw(parse_scenario("disk a 1M\ndisk b 1M\n" + scripts, "x"))
                  .disks[1]
                  .domain);
  CHECK(problem("disk a 1M\nscript {\n  true\n}\n") ==
        "a.scenario: disks without a verify");
  CHECK(problem("fs ext4\nmodule raid1\nworkload {\n  creat a\n}\n") ==
        "a.scenario: 'module' without a disk");
}

}  // namespace
}  // namespace powercut
