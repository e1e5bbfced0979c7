// SPDX-License-Identifier: GPL-2.0-only
//
// One verb of the program. A verb is one file that defines one Command, and one entry in
// command_list.cc.

#pragma once

#include <string>
#include <vector>

namespace powercut {

// Exit codes of the program, documented in the README.
enum ExitCode : int {
  kExitClean = 0,
  kExitFindings = 1,
  kExitUsage = 2,
  kExitHarness = 3,  // the harness failed, or could not decide
  kExitSkipped = 77,
  kExitInterrupted = 130,
};

struct Command {
  const char* name;      // "check", or "log list" for a verb of two words
  const char* synopsis;  // arguments after the name
  const char* summary;   // one line
  const char* details;   // paragraphs and examples for --help
  // `arguments` without the name. Throws Failure when it cannot go on.
  int (*run)(const Command& self, const std::vector<std::string>& arguments);
  bool hidden = false;  // not in the list of verbs: powercut starts it, not a person
};

const std::vector<const Command*>& command_list();

}  // namespace powercut
