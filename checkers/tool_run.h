// SPDX-License-Identifier: GPL-2.0-only
//
// A program that checks an unmounted disk, as part of a checker: runs it, and makes
// findings of what it complains of. Which of its lines are complaints is for the checker
// to say: exit codes of such programs lie.

#pragma once

#include "base/result.h"
#include "checkers/checker.h"
#include "replay/verdict.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// What a program that checks the unmounted disk said.
struct ToolRun {
  std::string output;            // without addresses; paths of disks are "<disk0>"
  std::optional<int> exit_code;  // none: it was ended; then `ended` says how
  std::string ended;
};

Result<ToolRun> run_tool(const Subject& subject, const std::vector<std::string>& argv,
                         std::chrono::milliseconds timeout);

// Adds what the tool printed, and as findings its complaints; an exit code that is not
// clean and has no complaint is a finding too. A tool that was ended: inconclusive.
void add_tool_findings(Verdict& verdict, const std::string& tool, const ToolRun& run,
                       const std::vector<std::string>& complaints);

// The Error of a checker whose program is not there.
Status find_tool(const std::string& checker, const std::string& program,
                 const std::string& package);

// The Error of units of data that are no whole number of sectors.
Status check_unit_bytes(const CheckerOptions& options);

// The Error of a checker that takes no argument and got one.
Status no_argument(const std::string& checker, const std::string& argument);

}  // namespace powercut
