// SPDX-License-Identifier: GPL-2.0-only
//
// A line of the shell as commands and words, with the quotes of sh; and text of a log as
// a terminal may have it.

#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

using Words = std::vector<std::string>;

// Commands end at ';' and at a new line; '#' at the start of a word begins a comment.
// Quotes: '...' as it is, "..." and \ as in sh. Empty commands are left out. kUsage: a
// quote is open at the end, or there are more bytes than anybody types (64 KiB).
Result<std::vector<Words>> split_commands(std::string_view text);

// One line that changes nothing on a terminal: bytes that do not print are \xNN.
std::string printable(std::string_view text);

// "all words as one", with a space between them.
std::string join(const Words& words, std::size_t first);

}  // namespace powercut
