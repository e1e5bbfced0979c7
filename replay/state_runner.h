// SPDX-License-Identifier: GPL-2.0-only
//
// How the explorer has a state looked at: serve it, run the checker on it, bring back
// the verdict and the footprint. The engine does not know about disks or processes; tests
// give it checkers in memory.

#pragma once

#include "base/result.h"
#include "replay/crash_state.h"
#include "replay/verdict.h"

#include <cstddef>
#include <string>

namespace powercut {

class StateRunner {
 public:
  virtual ~StateRunner() = default;

  // "ext4", "command:..."; part of every finding.
  virtual std::string checker_name() const = 0;

  // Called from several threads at once, each with its own `worker` below the number of
  // jobs. An Error means that nothing can be said of any state (tool missing).
  virtual Result<RunOutcome> run(std::size_t worker, const CrashState& state) = 0;
};

}  // namespace powercut
