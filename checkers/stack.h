// SPDX-License-Identifier: GPL-2.0-only
//
// stack:SCRIPT NAME...: a script assembles a stack of block devices on the disks of a
// state, in a guest, and looks at it.
//
// Verifies: what the script does: lines "fault: TEXT" are findings, and so is an exit
//   code that is neither 0 nor 75 (with its last lines), and a guest that dies or hangs.
//   Lines "have X" are claims for an oracle. With `powercut probe LABEL` it begins a
//   probe: what it reads and says from there on is about LABEL alone, and it has to come
//   to its end (an exit code is then inconclusive).
// When: stacks of several devices, or whatever has no checker of its own.
// Does NOT verify: what the script does not look at; what the kernel says meanwhile (it
//   is in the output). Exit code 75 (EX_TEMPFAIL): the state cannot be judged,
//   inconclusive. So are a signal that ends the script, and one that takes too long.
// Known false alarms: none of its own. Probes must be independent of each other, and
//   which there are must follow from what was read before the first.

#pragma once

#include "checkers/checker.h"

#include <memory>
#include <string>

namespace powercut {

// "SCRIPT meta data": a file for bash, and the variables that get the paths of the disks
// in the order of the log's device table. An Error: no such file, no names.
Result<std::unique_ptr<Checker>> make_stack_checker(const std::string& argument,
                                                    const CheckerOptions& options);

}  // namespace powercut
