// SPDX-License-Identifier: GPL-2.0-only
//
// What the last word of a line can become.

#pragma once

#include "cli/shell/shell.h"

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct Completion {
  std::size_t begins = 0;  // where in the line the word begins
  // What it can become, sorted, as it is typed: with quotes where it needs them.
  std::vector<std::string> words;
};

// `line` up to the cursor. Errors are no completions.
Completion complete(Shell& shell, std::string_view line);

// What all of them begin with.
std::string common_start(const std::vector<std::string>& words);

}  // namespace powercut
