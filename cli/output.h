// SPDX-License-Identifier: GPL-2.0-only
//
// Where a verb's report goes: text to stdout, or JSON to a file or to stdout (then the
// text is not printed). Everything else a verb says goes to stderr.

#pragma once

#include <string>

namespace powercut {

// `json_path` is the value of --json: empty, a path, or "-".
void write_report(const std::string& json_path, const std::string& text,
                  const std::string& json);

}  // namespace powercut
