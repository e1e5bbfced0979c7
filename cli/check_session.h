// SPDX-License-Identifier: GPL-2.0-only
//
// What `check` sets up before it explores: the recording, the range, a judge with its
// disks, and the baseline.

#pragma once

#include "cli/arguments.h"
#include "device/run_dir.h"
#include "replay/inference.h"
#include "replay/oracle.h"
#include "report/check_report.h"
#include "scenarios/judge.h"
#include "workload/scenario.h"

#include <memory>
#include <optional>

namespace powercut {

// Members go in reverse order: the judge unmounts before the run directory is removed.
struct CheckSession {
  std::shared_ptr<const Recording> recording;
  CrashModel model;
  CrashModel recovery_model;  // of the disk during recovery
  unsigned depth = 1;
  bool live = false;  // judged are the states of live power failures, and no others
  Cut from = 0;
  Cut to = 0;
  CheckContext context;
  std::optional<RunDir> run_dir;
  std::optional<Scenario> scenario;  // of --scenario
  std::unique_ptr<Checker> checker;  // until the judge has it
  std::unique_ptr<Oracle> oracle;    // of --scenario; null: none
  std::unique_ptr<Judge> judge;
};

void add_check_options(po::options_description& options);

// Throws Failure: bad arguments, a missing tool, a baseline on which nothing can be
// found. Preparing reads and starts nothing; starting makes the judge, and takes the
// baseline; opening is both.
CheckSession prepare_check_session(const Arguments& arguments);
void start_check_session(const Arguments& arguments, CheckSession& session);
CheckSession open_check_session(const Arguments& arguments);

// The same of a log that is open, for states with this atomic unit.
CheckSession open_check_session(const Arguments& arguments,
                                std::shared_ptr<const Recording> recording,
                                std::uint32_t atomic_bytes);

// The crash model that such a session takes: as typed, else as the scenario says.
CrashModel check_model(const Arguments& arguments, const Recording& recording);

ExplorerOptions explorer_options(const Arguments& arguments);
InferenceOptions inference_options(const Arguments& arguments);

}  // namespace powercut
