// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: ext2, ext3 and ext4 as the ext4 checker does (e2fsck), and then what any
//   program says of the files that are there: a database opens, its own check passes, it
//   lists what it holds. The program runs in a copy of all files; an exit code that is
//   not clean is a finding, with its last lines. Lines "have X" of its standard output
//   are what an oracle holds against what was promised (Observation::claims).
// When: an application on ext4 whose own words count, not its bytes.
// Does NOT verify: what the program does not look at; owners, times, devices, fifos and
//   sockets, which the copy has not (checkers/tree_copy.h); the kernel's own recovery.
//   Encrypted files and such with verity cannot be copied: an Error.
// Known false alarms: those of the ext4 checker; a program that reports what a crash may
//   rightly leave (--clean-exit names its exit codes for that).
//
// The program gets the directory as its working directory, and its path for {}; it may
// change it, and it is removed afterwards. It is no sandbox: a program that follows links
// follows those of the state. Where that path occurs in what it prints, it is written {}.
//
// The tier is proved. Everything is read in the base, for the program may use everything:
// each state with other content is a class of its own.

#pragma once

#include "checkers/checker.h"

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// argument: "PROG ARGS", words as those of the command checker.
Result<std::unique_ptr<Checker>> make_files_checker(const std::string& argument,
                                                    const CheckerOptions& options);

// X of each line "have X", in order, each once.
std::vector<std::string> claims_in(std::string_view output);

}  // namespace powercut
