// SPDX-License-Identifier: GPL-2.0-only
//
// Runs a file system's own program to learn what lies where in an image.

#pragma once

#include "base/result.h"

#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

struct OwnerToolRun {
  std::string output;  // standard output alone
  int exit_code = 0;
  bool whole = true;  // false: the output is cut in the middle
};

// "xfs_db is missing (package xfsprogs)", of kind kMissing.
Status find_owner_tool(const std::string& program, const std::string& package);

// An Error if it did not end by itself within minutes; interrupted is kInterrupted.
Result<OwnerToolRun> run_owner_tool(std::vector<std::string> argv,
                                    const std::filesystem::path& working_directory);

}  // namespace powercut
