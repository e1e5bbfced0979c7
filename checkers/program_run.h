// SPDX-License-Identifier: GPL-2.0-only
//
// Runs a program of the user's with standard output and standard error kept apart: the
// one carries answers, the other is for people.

#pragma once

#include "base/result.h"
#include "base/subprocess.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

struct ProgramRun {
  ExitState state;     // its output is standard output alone
  bool whole = false;  // nothing of standard output was cut: it had kMostAnswers at most
  std::string errors;  // standard error, bounded
};

inline constexpr std::size_t kMostAnswers = 32 << 20;

// argv[0] is the path of a program, absolute or with a name that find_program() finds; an
// Error if it is not there. Standard input is empty. `timeout` as SubprocessOptions.
Result<ProgramRun> run_program(std::vector<std::string> argv,
                               const std::filesystem::path& working_directory,
                               std::chrono::milliseconds timeout);

}  // namespace powercut
