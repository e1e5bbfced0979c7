// SPDX-License-Identifier: GPL-2.0-only
//
// What `check` and `run` found, as test cases for those who collect them: JUnit's XML,
// KTAP (Documentation/dev-tools/ktap.rst of the kernel), and annotations of GitHub's
// workflows. Made from the JSON reports, so a stored answer becomes the same cases.

#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace powercut {

struct TestCase {
  enum class Kind { kPassed, kFailed, kError, kSkipped };
  std::string name;
  Kind kind = Kind::kPassed;
  std::string message;  // one line; of what passed, what was shown
  std::string details;  // lines
  double seconds = 0;
};

struct TestSuite {
  std::string name;  // "powercut check run.log"
  std::vector<TestCase> cases;
};

// Of `check`: a case for what was decided, and one for each kind of finding. Of `run`: a
// case a scenario. What was not wholly decided never passes: it is skipped where a budget
// ended it, and an error where nothing was decided or a checker could not judge.
// kUsage: the JSON is of neither.
Result<TestSuite> test_suite_of(const std::string& report_json);

std::string junit_xml(const TestSuite& suite);
std::string ktap_text(const TestSuite& suite);
// A line for each case that did not pass; empty if all did.
std::string github_annotations(const TestSuite& suite);

}  // namespace powercut
