// SPDX-License-Identifier: GPL-2.0-only
//
// What the directives of a scenario must be together: which go with disks, with a raw
// disk, with a script. Each by itself is read in scenario.cc.

#pragma once

#include "base/result.h"
#include "workload/scenario.h"

#include <set>
#include <string>

namespace powercut {

// `seen`: the directives that were there; `name`: of the file, for the Error (kUsage).
Status check_scenario(const Scenario& scenario, const std::set<std::string>& seen,
                      const std::string& name);

}  // namespace powercut
