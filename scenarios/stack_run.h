// SPDX-License-Identifier: GPL-2.0-only
//
// Runs the scenario of a stack: records its script over several disks in a guest, by the
// log-writes target, and has each permitted state assembled and looked at in another.

#pragma once

#include "base/result.h"
#include "device/guest/guest.h"
#include "device/run_dir.h"
#include "scenarios/scenario_run.h"
#include "workload/scenario.h"

#include <filesystem>

namespace powercut {

// Records into `log` and checks it. The outcome is not yet compared with what was
// expected. An Error of kind kMissing: what the stack needs is not here.
Result<ScenarioOutcome> run_stack(const Scenario& scenario,
                                  const ScenarioRunOptions& options,
                                  const std::filesystem::path& log,
                                  const RunDir& run_dir);

}  // namespace powercut
