// SPDX-License-Identifier: GPL-2.0-only
//
// Crash during recovery: what a checker's recovery writes to a crash state is recorded,
// and its own crash states are explored, with the state as what the disk held before.
// Recovery of an interrupted recovery must end clean, and bring back what the
// uninterrupted one did (which covers recovering twice: the last of those states has all
// that recovery wrote).

#pragma once

#include "device/run_dir.h"
#include "replay/certificate.h"
#include "replay/crash_state.h"
#include "replay/explorer.h"
#include "replay/inference.h"
#include "scenarios/judge.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace powercut {

struct NestedOptions {
  ExplorerOptions
      explorer;  // of each recovery; its jobs are the judge's, it has no oracle
  InferenceOptions inference;
  CrashModel model;  // the device's; a fault is one of the disk that recovery writes to
  // Where the logs of recoveries that fail are kept, with the images they began from;
  // empty: nowhere.
  std::filesystem::path keep;
};

// One recovery, explored.
struct NestedResult {
  std::string state_id;    // what was recovered
  std::size_t writes = 0;  // that recovery made
  std::size_t flushes = 0;
  Certificate certificate;      // of the recovery; windows 0 if it wrote nothing
  std::filesystem::path log;    // kept, if something was found
  std::filesystem::path image;  // the state that it was recorded over
};

// Recovers `state` once on worker 0, recorded, and decides what power cuts in between can
// leave. A state on which recovery itself fails is left out: it is a finding of the outer
// exploration, and `certificate` is empty. Where it could not be judged, `certificate`
// says so and has no states. Recordings of one device only.
Result<NestedResult> explore_recovery(Judge& judge, const CrashState& state,
                                      const RunDir& run_dir,
                                      const NestedOptions& options);

// That of each of the states (Certificate::examples), in their order, until `tell` says
// that it is enough; and not after Ctrl-C.
Result<std::vector<NestedResult>> explore_recoveries(
    Judge& judge, const std::vector<CrashState>& states, const RunDir& run_dir,
    const NestedOptions& options,
    const std::function<bool(const NestedResult& result)>& tell);

}  // namespace powercut
