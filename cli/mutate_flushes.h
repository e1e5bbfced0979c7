// SPDX-License-Identifier: GPL-2.0-only
//
// Barrier mutation: ignores each flush of the range in turn and looks whether any state
// that becomes permitted fails. Tells which flushes carry weight, and shows that the
// checker can fail at all.

#pragma once

#include "cli/check_session.h"

namespace powercut {

// Prints the table; the exit code of `check --mutate-flushes`.
int mutate_flushes(CheckSession& session, const Arguments& arguments);

}  // namespace powercut
