// SPDX-License-Identifier: GPL-2.0-only
//
// Lines in which a kernel or a checking program complains: which do, and what of them is
// the same for equal causes. Text only.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// The line without what differs from run to run or from place to place: numbers,
// addresses and uuids become "#", names of block devices "<disk>". "ext4" stays.
std::string complaint_key(std::string_view line);

// The text with "<address>" for each address of memory (0x and ten digits or more), which
// is another one in each run of a program.
std::string without_addresses(std::string_view text);

// A line of the kernel (severity warning or worse) that says that something is wrong: an
// error, corruption, a warning, a lock that is taken in the wrong order. Not: the lines
// of the stack below it, what every recovery says, and what only slowness causes (stalls,
// soft lockups: one that does not end is a timeout).
bool kernel_complains(std::string_view line);

// The lines of a text, without their ends; empty ones too.
std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace powercut
