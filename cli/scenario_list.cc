// SPDX-License-Identifier: GPL-2.0-only

#include "cli/scenario_list.h"

#include "base/error.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace powercut {

namespace {

namespace fs = std::filesystem;

constexpr const char* kExtension = ".scenario";

// Beside the program as it is installed, or in the tree that it was built from.
fs::path library() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path installed =
      program.parent_path().parent_path() / "share" / "powercut" / "scenarios";
  return fs::is_directory(installed, ignored) ? installed
                                              : fs::path(POWERCUT_SCENARIO_DIR);
}

std::vector<fs::path> scenarios_below(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == kExtension) {
      found.push_back(at->path());
    }
  }
  if (error) {
    throw Failure(
        Error{ErrorKind::kSystem,
              fmt::format("cannot read {}: {}", directory.native(), error.message()),
              {}});
  }
  std::sort(found.begin(), found.end());
  return found;
}

void add_below(const fs::path& directory, std::vector<fs::path>& files) {
  const std::vector<fs::path> found = scenarios_below(directory);
  if (found.empty()) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("no scenario below {}", directory.native()),
                        "files of scenarios end in .scenario"});
  }
  files.insert(files.end(), found.begin(), found.end());
}

void add(const std::string& wanted, std::vector<fs::path>& files) {
  std::error_code ignored;
  for (const fs::path& place :
       {fs::path(wanted), library() / wanted, library() / (wanted + kExtension)}) {
    if (fs::is_directory(place, ignored)) {
      add_below(place, files);
      return;
    }
    if (fs::exists(place, ignored)) {
      files.push_back(place);
      return;
    }
  }
  // As --list shows it, without the group.
  for (const fs::path& file : scenarios_below(library())) {
    if (file.stem() == wanted) {
      files.push_back(file);
      return;
    }
  }
  throw Failure(Error{ErrorKind::kUsage, fmt::format("there is no scenario {}", wanted),
                      "a file, a directory, or a name that `powercut run --list` shows"});
}

std::string expectation_text(const Scenario& scenario) {
  const bool any = std::any_of(scenario.expectations.begin(), scenario.expectations.end(),
                               [](const Expectation& one) { return one.finding; });
  return any ? "finding" : "clean";
}

std::string first_line(const std::string& about) {
  const std::size_t end = about.find('\n');
  return end == std::string::npos ? about : about.substr(0, end) + " ...";
}

}  // namespace

std::vector<Scenario> find_scenarios(const std::vector<std::string>& wanted, bool all) {
  std::vector<fs::path> files;
  for (const std::string& one : wanted) {
    add(one, files);
  }
  if (wanted.empty() && all) {
    add_below(library(), files);
  }
  if (files.empty()) {
    throw Failure(Error{ErrorKind::kUsage, "run: which scenario?",
                        "a file, a directory, or a name that `powercut run --list` "
                        "shows"});
  }
  std::vector<Scenario> scenarios;
  scenarios.reserve(files.size());
  for (const fs::path& file : files) {
    scenarios.push_back(value_or_throw(read_scenario(file)));
  }
  return scenarios;
}

std::string scenario_list_text(const std::vector<Scenario>& scenarios) {
  std::size_t width = 0;
  for (const Scenario& scenario : scenarios) {
    width = std::max(width, scenario.name.size());
  }
  std::string text;
  for (const Scenario& scenario : scenarios) {
    text += fmt::format("{:<{}}  {:<6} {:<8} {}\n", scenario.name, width,
                        scenario.file_system, expectation_text(scenario),
                        first_line(scenario.about));
  }
  return text;
}

}  // namespace powercut
