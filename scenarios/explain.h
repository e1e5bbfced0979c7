// SPDX-License-Identifier: GPL-2.0-only
//
// Explains one failing state: reduces it (replay/reduction.h), names the writes that are
// left (scenarios/write_names.h), and has the checker speak of both states.

#pragma once

#include "replay/known_states.h"
#include "replay/oracle.h"
#include "replay/reduction.h"

#include <memory>
#include <string>
#include <vector>

namespace powercut {

struct ExplainOptions {
  const Oracle* oracle = nullptr;  // judges what was seen; null: nothing is asked of it
  std::string probe;               // which one complains; empty: the first that does
  bool proved = true;              // the tier of the checker (KnownStates)
  std::uint64_t max_runs = 400;
};

struct ExplainedState {
  Reduction reduction;
  std::string probe;
  std::vector<std::string> holds;  // of each of reduction.writes: what it holds
  std::size_t pending = 0;
  std::size_t missing_before = 0;  // in the state that was given
  std::vector<std::string> notes;
};

// An Error: the state does not fail, or cannot be judged; what the runner says.
Result<ExplainedState> explain_state(const CrashState& state, StateRunner& runner,
                                     const ExplainOptions& options);

}  // namespace powercut
