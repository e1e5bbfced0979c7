// SPDX-License-Identifier: GPL-2.0-only
//
// Where a verb's report goes: text to stdout, or JSON to a file or to stdout (then the
// text is not printed). Everything else a verb says goes to stderr.

#pragma once

#include "cli/arguments.h"

#include <string>

namespace powercut {

// --junit, --ktap, --github: for verbs whose JSON report/test_cases.h knows.
void add_test_case_options(po::options_description& options);

// Throws Failure if two things are to go to stdout, or if --json or --junit names the log
// that is being looked at. Call it first.
void check_report_path(const Arguments& arguments);

// As --json says: not given, a path, or "-".
void write_report(const Arguments& arguments, const std::string& text,
                  const std::string& json);

}  // namespace powercut
