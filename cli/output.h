// SPDX-License-Identifier: GPL-2.0-only
//
// Where a verb's report goes: text to stdout, or JSON to a file or to stdout (then the
// text is not printed). Everything else a verb says goes to stderr.

#pragma once

#include "cli/arguments.h"

#include <string>

namespace powercut {

// Throws Failure if --json names the log that is being looked at. Call it first.
void check_report_path(const Arguments& arguments);

// As --json says: not given, a path, or "-".
void write_report(const Arguments& arguments, const std::string& text,
                  const std::string& json);

}  // namespace powercut
