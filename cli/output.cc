// SPDX-License-Identifier: GPL-2.0-only

#include "cli/output.h"

#include "base/fd.h"
#include "base/new_file.h"
#include "report/test_cases.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <cstdio>
#include <span>

namespace powercut {

namespace {

void write_file(const std::string& path, const std::string& text) {
  const Fd file = value_or_throw(Fd::open(path, O_WRONLY | O_CREAT | O_TRUNC));
  value_or_throw(write_fully(file, std::as_bytes(std::span(text)), 0, path));
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
  for (const char* name : {"json", "junit"}) {
    const std::string path = arguments.text(name);
    if (!path.empty() && path != "-") {
      value_or_throw(NewFile::check(path, arguments.text("LOG")));
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
