// SPDX-License-Identifier: GPL-2.0-only

#include "cli/output.h"

#include "base/fd.h"
#include "base/new_file.h"
#include "report/test_cases.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

namespace {

namespace fs = std::filesystem;

void write_file(const std::string& path, const std::string& text) {
  const Fd file = value_or_throw(Fd::open(path, O_WRONLY | O_CREAT | O_TRUNC));
  // Not at an offset: it may be a FIFO.
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = ::write(file.get(), text.data() + at, text.size() - at);
    if (wrote < 0 && errno != EINTR) {
      throw Failure(system_error(fmt::format("cannot write {}", path), errno));
    }
    at += wrote > 0 ? static_cast<std::size_t>(wrote) : 0;
  }
}

// Files that a check reads or keeps: a report must not take their place.
std::vector<std::pair<std::string, fs::path>> files_in_use(const Arguments& arguments) {
  std::vector<std::pair<std::string, fs::path>> files;
  for (const char* name : {"results", "scenario", "json"}) {
    if (arguments.has(name) && !arguments.text(name).empty()) {
      files.emplace_back(std::string("--") + name, arguments.text(name));
    }
  }
  if (arguments.has("base")) {
    for (const std::string& base :
         arguments.values["base"].as<std::vector<std::string>>()) {
      files.emplace_back("--base", base.substr(base.rfind('=') + 1));
    }
  }
  return files;
}

// Devices and FIFOs are written in place: --json /dev/stderr.
void check_place(const Arguments& arguments, const std::string& name,
                 const std::string& path) {
  std::error_code ignored;
  if (fs::is_other(path, ignored)) {
    return;
  }
  value_or_throw(NewFile::check(path, arguments.text("LOG")));
  const fs::path place = fs::weakly_canonical(path, ignored);
  for (const auto& [option, file] : files_in_use(arguments)) {
    if (option != "--" + name && fs::weakly_canonical(file, ignored) == place) {
      throw Failure(Error{ErrorKind::kUsage,
                          fmt::format("--{} and {} are both {}", name, option, path),
                          "choose another name for the output"});
    }
  }
}

// What goes to stdout: one thing, so that a program can read it.
std::string for_stdout(const Arguments& arguments, const std::string& text,
                       const std::string& json) {
  if (arguments.text("json") == "-") {
    return json;
  }
  if (arguments.has("ktap")) {
    return ktap_text(value_or_throw(test_suite_of(json)));
  }
  return arguments.has("github")
             ? text + github_annotations(value_or_throw(test_suite_of(json)))
             : text;
}

}  // namespace

void add_test_case_options(po::options_description& options) {
  options.add_options()("junit", po::value<std::string>(),
                        "write the results as JUnit's XML to a file")(
      "ktap", "print the results as KTAP instead of the text")(
      "github", "print annotations for GitHub's workflows behind the text");
}

void check_report_path(const Arguments& arguments) {
  if (arguments.text("junit") == "-") {
    throw Failure(Error{ErrorKind::kUsage, "--junit names a file, and - is none",
                        "--ktap prints test cases to stdout"});
  }
  for (const char* name : {"json", "junit"}) {
    const std::string path = arguments.text(name);
    if (!path.empty() && path != "-") {
      check_place(arguments, name, path);
    }
  }
  const int to_stdout = (arguments.text("json") == "-" ? 1 : 0) +
                        (arguments.has("ktap") ? 1 : 0) +
                        (arguments.has("github") ? 1 : 0);
  if (to_stdout > 1) {
    throw Failure(Error{ErrorKind::kUsage,
                        "--json -, --ktap and --github all go to stdout",
                        "give one of them; --json and --junit can go to files"});
  }
}

void write_report(const Arguments& arguments, const std::string& text,
                  const std::string& json) {
  fmt::print("{}", for_stdout(arguments, text, json));
  if (std::fflush(stdout) != 0) {
    throw Failure(Error{ErrorKind::kSystem, "cannot write the report to stdout", {}});
  }
  const std::string json_path = arguments.text("json");
  if (!json_path.empty() && json_path != "-") {
    write_file(json_path, json);
  }
  if (arguments.has("junit")) {
    write_file(arguments.text("junit"), junit_xml(value_or_throw(test_suite_of(json))));
  }
}

}  // namespace powercut
