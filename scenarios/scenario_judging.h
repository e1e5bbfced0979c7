// SPDX-License-Identifier: GPL-2.0-only
//
// How the states of a recorded scenario are judged: by which checker, against which
// oracle, under which model.

#pragma once

#include "base/result.h"
#include "checkers/checker.h"
#include "replay/crash_model.h"
#include "replay/oracle.h"
#include "replay/recording.h"
#include "workload/scenario.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace powercut {

// As `check --checker` takes it. `verify` is the file with the scenario's script that
// looks at states, if it has one.
std::string checker_of(const Scenario& scenario, const std::filesystem::path& verify);

// After how many findings it is enough to tell what was found: a broken stack can be
// broken in a million ways.
std::uint64_t findings_enough(const Expectation& expected);

// Of probes of data, for footprints in such units. A sector of the raw disk is a probe of
// its own where sectors land by themselves.
std::uint32_t data_unit_of(const Scenario& scenario, std::uint32_t unit_bytes);

// Sees to it that the checker tells the oracle what it needs.
void set_observing(const Scenario& scenario, CheckerOptions& options);

// Null: the scenario promises nothing that is not the checker's. An Error: the log is
// not one of this scenario, or the scenario contradicts itself.
Result<std::unique_ptr<Oracle>> oracle_of(const Scenario& scenario,
                                          const std::shared_ptr<const Recording>& log);

// `block_bytes` is the logical block of the disk.
Result<CrashModel> model_of(const Scenario& scenario, std::uint32_t block_bytes);

// Of the disk during recovery: the same, with the scenario's fault of recovery instead.
Result<CrashModel> recovery_model_of(const Scenario& scenario, CrashModel model);

}  // namespace powercut
