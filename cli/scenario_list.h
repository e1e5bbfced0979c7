// SPDX-License-Identifier: GPL-2.0-only
//
// Which scenarios a command line means.

#pragma once

#include "workload/scenario.h"

#include <string>
#include <vector>

namespace powercut {

// Files, directories (all *.scenario below, by name), and names in the library that comes
// with powercut ("crashmonkey", "crashmonkey/new-01-...", "new-01-..."). Without any: the
// whole library if `all`, else a Failure of kind kUsage. A file that is no scenario is
// one too.
std::vector<Scenario> find_scenarios(const std::vector<std::string>& wanted, bool all);

// A line each: name, file system, expectation, about.
std::string scenario_list_text(const std::vector<Scenario>& scenarios);

}  // namespace powercut
