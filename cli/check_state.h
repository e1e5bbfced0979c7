// SPDX-License-Identifier: GPL-2.0-only
//
// One run of the checker on one state, and what it said: `check --state`, and `check` in
// the shell.

#pragma once

#include "cli/check_session.h"

#include <string>

namespace powercut {

// Prints the verdict to stdout and returns the exit code. `id` is what the state was
// called. Throws Failure.
int check_state(CheckSession& session, const CrashState& state, const std::string& id);

}  // namespace powercut
