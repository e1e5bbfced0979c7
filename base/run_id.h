// SPDX-License-Identifier: GPL-2.0-only
//
// The name of one run of powercut. Everything a run leaves in the system (directory,
// mounts, device-mapper names) carries it, so that a later run can tell what is whose.

#pragma once

#include <string>
#include <string_view>

namespace powercut {

// What names in the system begin with, before the run id.
inline constexpr std::string_view kRunPrefix = "powercut-";

// The environment variable in which a workload finds the control socket of the recording
// around it; by it, a killed recording's orphans are known.
inline constexpr const char* kControlVariable = "POWERCUT_CONTROL";

// A new id of [a-z0-9]{14}: seconds, process id and randomness. Not reproducible, and
// not meant to be: it names a run and decides nothing.
std::string make_run_id();

// True for what make_run_id() can return: [a-z0-9]{10,16}.
bool is_run_id(std::string_view text);

// The id in the first "powercut-<id>" that stands between non-letters in `text` (a
// path, a source name), or empty.
std::string_view find_run_id(std::string_view text);

}  // namespace powercut
