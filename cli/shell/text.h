// SPDX-License-Identifier: GPL-2.0-only
//
// Writes, times and lists as the commands print them.

#pragma once

#include "cli/shell/shell.h"

#include <string>

namespace powercut {

// "0.001234567" seconds since the first event, which `goto time` takes; "-" where the log
// has no times.
std::string time_text(const ShellSession& session, EventPos pos);

// "write", "discard FUA META", ...
std::string kind_text(const Write& write);

// "412", "412#2" for a piece of one that is not atomic.
std::string number_text(const Timeline& timeline, WriteIndex index);

// "412-415, 417" of a few, "... (1200)" of many.
std::string numbers_text(const Timeline& timeline, const std::vector<WriteIndex>& writes);

// --count N out of the words; 40 if not said.
std::size_t take_count(Words& words);

// Says how many were not printed, if any.
void tell_left(std::size_t all, std::size_t most, const char* what);

}  // namespace powercut
