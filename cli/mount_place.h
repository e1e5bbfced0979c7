// SPDX-License-Identifier: GPL-2.0-only
//
// Where `check` has states mounted: --mount here|guest and the options of a guest.

#pragma once

#include "checkers/checker.h"
#include "cli/arguments.h"
#include "device/guest/guest.h"
#include "device/run_dir.h"
#include "replay/recording.h"
#include "scenarios/judge.h"
#include "workload/scenario.h"

#include <optional>

namespace powercut {

// --mount, --mount-options and, for a guest, --kernel, --modules, --accel, ...
void add_mount_options(po::options_description& options);

// Gives the judge what its workers mount with; a guest gets what the stack of `scenario`
// needs. `recording` and `run_dir` must outlive the
// judge. Throws Failure: bad arguments; here, without root.
void add_mount_place(const Arguments& arguments, const Checker& checker,
                     const std::optional<Scenario>& scenario, const Recording& recording,
                     const RunDir& run_dir, JudgeOptions& judge);

// What they come to: mounters of disks with such blocks. `run_dir` must outlive them.
JudgeOptions::MakeMounter mounter_here(std::uint32_t block_bytes, const RunDir& run_dir);
JudgeOptions::MakeMounter mounter_in_guest(const GuestOptions& guest,
                                           std::uint32_t block_bytes,
                                           const RunDir& run_dir);

}  // namespace powercut
