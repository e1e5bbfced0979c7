// SPDX-License-Identifier: GPL-2.0-only
//
// The library of scenarios: every file is one, and its operations can be done.

#include "tests/unit/workload/performed.h"
#include "workload/promises.h"
#include "workload/raw_disk.h"
#include "workload/scenario.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {
namespace {

namespace fs = std::filesystem;

fs::path source_dir() {
  return POWERCUT_SOURCE_DIR;
}

std::vector<fs::path> library_files() {
  std::vector<fs::path> files;
  const fs::path library = source_dir() / "scenarios" / "library";
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(library)) {
    if (entry.is_regular_file()) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Scenario> library() {
  std::vector<Scenario> all;
  for (const fs::path& file : library_files()) {
    all.push_back(value_or_throw(read_scenario(file)));
  }
  return all;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

// Lines of `first` that `second` does not have, as a multiset.
std::vector<std::string> without(std::vector<std::string> first,
                                 std::vector<std::string> second) {
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  std::vector<std::string> rest;
  std::set_difference(first.begin(), first.end(), second.begin(), second.end(),
                      std::back_inserter(rest));
  return rest;
}

fs::path twin_of(const fs::path& file, std::string_view ending, std::string_view other) {
  const std::string stem = file.stem().string();
  return file.parent_path() /
         fmt::format("{}{}.scenario", stem.substr(0, stem.size() - ending.size()), other);
}

// The scenarios that docs/scenarios.md lists: the first cell of each row of its tables.
std::multiset<std::string> documented() {
  std::multiset<std::string> names;
  for (const std::string& line : lines_of(source_dir() / "docs" / "scenarios.md")) {
    if (line.starts_with("| `")) {
      names.insert(line.substr(3, line.find('`', 3) - 3));
    }
  }
  return names;
}

// It would drop what all of this machine has in its caches, and shows nothing here.
Workload without_drop_caches(Workload workload) {
  if (workload.groups.empty()) {
    std::erase_if(workload.operations, [](const Operation& operation) {
      return operation.kind == OpKind::kDropCaches;
    });
  }
  return workload;
}

TEST_CASE("every file of the library is a scenario", "[library]") {
  const std::vector<fs::path> files = library_files();
  CHECK(files.size() >= 60);
  std::map<std::string, fs::path> names;
  for (const fs::path& file : files) {
    INFO(file.string());
    CHECK(file.extension() == ".scenario");
    const Result<Scenario> scenario = read_scenario(file);
    if (!scenario) {
      FAIL_CHECK(scenario.error().message << " (" << scenario.error().hint << ")");
      continue;
    }
    CHECK(names.emplace(scenario->name, file).second);
    CHECK_FALSE(scenario->about.empty());
    CHECK_FALSE(scenario->sources.empty());
    Promises promises;
    CHECK(adjust(promises, scenario->promises));
    CHECK(profile_of(scenario->file_system, scenario->mkfs_options,
                     scenario->mount_options));
  }
}

TEST_CASE("every scenario of the library says what it expects of any kernel",
          "[library]") {
  for (const Scenario& scenario : library()) {
    INFO(scenario.path.string());
    REQUIRE_FALSE(scenario.expectations.empty());
    CHECK(scenario.expectations.back().kernels == KernelRange{});
  }
}

TEST_CASE("a scenario of the library is the same when it is printed and read again",
          "[library]") {
  for (const Scenario& scenario : library()) {
    INFO(scenario.path.string());
    const std::string text = to_text(scenario);
    const Result<Scenario> again = parse_scenario(text, scenario.path);
    REQUIRE(again);
    CHECK(to_text(*again) == text);
    CHECK(again->workload.operations.size() == scenario.workload.operations.size());
  }
}

TEST_CASE("each broken scenario has a sound twin that differs in at most three lines",
          "[library]") {
  std::size_t pairs = 0;
  for (const fs::path& file : library_files()) {
    const std::string stem = file.stem().string();
    if (stem.ends_with("-sound")) {
      INFO(file.string());
      CHECK(fs::exists(twin_of(file, "-sound", "-broken")));
    }
    if (!stem.ends_with("-broken")) {
      continue;
    }
    INFO(file.string());
    const fs::path twin = twin_of(file, "-broken", "-sound");
    REQUIRE(fs::exists(twin));
    ++pairs;
    const std::vector<std::string> broken = without(lines_of(file), lines_of(twin));
    const std::vector<std::string> sound = without(lines_of(twin), lines_of(file));
    CHECK_FALSE(broken == sound);
    CHECK(broken.size() <= 3);
    CHECK(sound.size() <= 3);
    for (const Expectation& each : value_or_throw(read_scenario(file)).expectations) {
      CHECK(each.finding);
    }
    for (const Expectation& each : value_or_throw(read_scenario(twin)).expectations) {
      CHECK_FALSE(each.finding);
    }
  }
  CHECK(pairs >= 10);
}

TEST_CASE("docs/scenarios.md lists the files of the library and no others", "[library]") {
  std::multiset<std::string> names;
  for (const fs::path& file : library_files()) {
    names.insert(file.stem().string());
  }
  const std::multiset<std::string> listed = documented();
  CHECK(without({names.begin(), names.end()}, {listed.begin(), listed.end()}).empty());
  CHECK(without({listed.begin(), listed.end()}, {names.begin(), names.end()}).empty());
}

TEST_CASE("the operations of the library can be done", "[library]") {
  // What the file system under the scratch directory, or a user who is not root, may not
  // be able to do.
  const std::set<int> lacking = {EOPNOTSUPP, EPERM, EACCES, EINVAL};
  std::size_t done = 0;
  for (const Scenario& scenario : library()) {
    if (scenario.workload.operations.empty()) {
      continue;
    }
    INFO(scenario.path.string());
    test::Performed here;
    if (scenario.file_system == "none") {
      std::ofstream(here.root() / kRawDiskName);
      fs::resize_file(here.root() / kRawDiskName, 1 << 20);
    }
    const Workload workload = without_drop_caches(scenario.workload);
    const PerformResult result = value_or_throw(here.perform(workload));
    if (!result.failed) {
      ++done;
      continue;
    }
    const Operation& failed = workload.operations.at(result.failure.operation);
    INFO(to_text(failed));
    if (lacking.count(result.failure.error_number) != 0) {
      WARN(scenario.name << ": not supported here: " << to_text(failed));
      continue;
    }
    FAIL_CHECK(std::strerror(result.failure.error_number));
  }
  CHECK(done >= 40);
}

}  // namespace
}  // namespace powercut
