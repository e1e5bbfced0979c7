// SPDX-License-Identifier: GPL-2.0-only
//
// The options of every verb that boots a guest: which kernel, how large, with what in it.

#pragma once

#include "cli/arguments.h"
#include "device/guest/guest.h"

#include <string>
#include <vector>

namespace powercut {

// --kernel, --modules, --accel, --memory (or another name for it), --cpus, --load,
// --module, --build-module, --with, --copy, --console.
void add_guest_options(po::options_description& options, const char* memory = "memory");

// What they say. Throws Failure.
GuestOptions guest_machine(const Arguments& arguments, const char* memory = "memory");

// Builds the log-writes target for the guest's kernel, and has it loaded.
void add_log_writes(GuestOptions& options);

// A program named by its path, files that arguments name, and programs that words of the
// arguments or of a script name go along. Relative names become absolute, for the guest
// has no directory of ours.
void add_command_files(std::vector<std::string>& command, GuestOptions& options);

// The values of an option that may be given several times.
std::vector<std::string> arguments_list(const Arguments& arguments,
                                        const std::string& name);

}  // namespace powercut
