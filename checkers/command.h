// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: whatever the given program verifies; it is run on the served disk, and its
//   exit code is the verdict.
// When: a checker of one's own: another fsck, a script that mounts, a data check.
// Does NOT verify: that the program looks at the disk at all, except that a run which
//   reads nothing is inconclusive; nor that it is deterministic (an audit can show that
//   it is not: --audit).
// Known false alarms: a program that reports what a crash may rightly leave; its exit
//   codes for that are named with --clean-exit.

#pragma once

#include "checkers/checker.h"

#include <string>
#include <vector>

namespace powercut {

// argument: "PROG ARGS {}", split at blanks; quotes '...' and "..." and backslashes work
// as in a shell. {} is the first disk, {N} disk N from 0; one of them must occur.
Result<std::unique_ptr<Checker>> make_command_checker(const std::string& argument,
                                                      const CheckerOptions& options);

// The words of a command line, without expansions.
Result<std::vector<std::string>> split_words(const std::string& text);

}  // namespace powercut
