// SPDX-License-Identifier: GPL-2.0-only
//
// powercut mount LOG DIR: every flush, mark and finding of a log as a file.

#pragma once

#include "cli/arguments.h"

namespace powercut {

// --results and --findings.
void add_finding_options(po::options_description& options);

// Serves below the only value of "DIR" until Ctrl-C, or until somebody unmounts it.
// Throws Failure.
int mount_instants(const Arguments& arguments);

}  // namespace powercut
