// SPDX-License-Identifier: GPL-2.0-only
//
// What `check` does with the classes that it found: has another recovery look at them
// (--cross-check), and explores power cuts during recovery (--depth 2).

#pragma once

#include "cli/arguments.h"
#include "cli/check_session.h"
#include "scenarios/nested.h"

#include <vector>

namespace powercut {

// Adds to the certificate: counts, and findings of the probe "cross-check". Throws
// Failure.
void cross_check(CheckSession& session, Certificate& certificate);

// One recovery of a state of each class; stops when interrupted.
std::vector<RecoveryReport> check_recoveries(CheckSession& session,
                                             const Arguments& arguments,
                                             const Certificate& certificate);

// As reports tell it.
std::vector<RecoveryReport> report_of(std::vector<NestedResult> results);

}  // namespace powercut
