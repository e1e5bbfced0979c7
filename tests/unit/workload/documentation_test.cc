// SPDX-License-Identifier: GPL-2.0-only
//
// What docs/writing-a-scenario.md shows is so.

#include "workload/operation_table.h"
#include "workload/scenario.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>
#include <vector>

namespace powercut {
namespace {

std::vector<std::string> document_lines() {
  std::ifstream file(POWERCUT_SOURCE_DIR "/docs/writing-a-scenario.md");
  REQUIRE(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

// What stands between "```scenario" and "```".
std::vector<std::string> scenarios_of(const std::vector<std::string>& lines) {
  std::vector<std::string> scenarios;
  bool within = false;
  for (const std::string& line : lines) {
    if (line == "```scenario") {
      within = true;
      scenarios.emplace_back();
    } else if (line == "```") {
      within = false;
    } else if (within) {
      scenarios.back() += line + "\n";
    }
  }
  return scenarios;
}

TEST_CASE("every scenario of the page parses", "[documentation]") {
  const std::vector<std::string> scenarios = scenarios_of(document_lines());
  REQUIRE(scenarios.size() >= 6);
  bool has_script = false;
  bool has_threads = false;
  bool has_handles = false;
  for (const std::string& text : scenarios) {
    INFO(text);
    Result<Scenario> scenario = parse_scenario(text, "page.scenario");
    INFO((scenario ? "" : scenario.error().message));
    REQUIRE(scenario);
    CHECK_FALSE(scenario->about.empty());
    has_script = has_script || !scenario->script.empty();
    has_threads = has_threads || !scenario->workload.groups.empty();
    for (const Operation& operation : scenario->workload.operations) {
      has_handles = has_handles || !operation.handle.empty();
    }
  }
  CHECK(has_script);
  CHECK(has_threads);
  CHECK(has_handles);
}

TEST_CASE("the page has a line for each operation, as it is used", "[documentation]") {
  const std::vector<std::string> lines = document_lines();
  for (const OperationSpec& spec : operation_table()) {
    // A bar within a table's cell has a backslash before it.
    std::string cell = "| `";
    for (char c : spec.synopsis()) {
      cell += c == '|' ? std::string("\\|") : std::string(1, c);
    }
    cell += "` |";
    INFO(cell);
    std::size_t found = 0;
    for (const std::string& line : lines) {
      found += line.starts_with(cell) ? 1 : 0;
    }
    CHECK(found == 1);
  }
}

}  // namespace
}  // namespace powercut
