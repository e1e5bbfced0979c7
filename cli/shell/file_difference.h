// SPDX-License-Identifier: GPL-2.0-only
//
// What two states' file systems hold that differs: names, attributes and content.

#pragma once

#include "cli/shell/disks.h"

#include <string>
#include <vector>

namespace powercut {

// A line each, at most `most` of names and attributes and as many of content; of a file
// the first byte that differs. Throws Failure.
std::vector<std::string> file_differences(const StateFiles& a, const StateFiles& b,
                                          std::size_t most);

}  // namespace powercut
