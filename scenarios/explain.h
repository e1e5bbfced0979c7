// SPDX-License-Identifier: GPL-2.0-only
//
// Explains failing states: reduces each (replay/reduction.h), names the writes that are
// left (scenarios/write_names.h), and has the checker speak of both states.

#pragma once

#include "replay/crash_model.h"
#include "replay/flush_cover.h"
#include "replay/known_states.h"
#include "replay/oracle.h"
#include "replay/reduction.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace powercut {

class WriteNames;

struct ExplainOptions {
  CrashModel model;                // of the states: which flush covers what
  const Oracle* oracle = nullptr;  // judges what was seen; null: nothing is asked of it
  bool proved = true;              // the tier of the checker (KnownStates)
  std::uint64_t max_runs = 400;    // for each state
  // Tells of runs that were made elsewhere, of states of this space. Called before the
  // first question about a space; may be null.
  std::function<Status(const std::shared_ptr<const StateSpace>&, KnownStates&)> teach;
};

// One write of a reduction.
struct NamedWrite {
  ReducedWrite reduced;
  std::string holds;               // as WriteNames tells
  std::vector<std::string> kinds;  // of owners
  FlushCover cover;
};

struct ExplainedState {
  Reduction reduction;
  std::string probe;
  std::vector<NamedWrite> writes;  // those of the reduction, in its order
  std::size_t pending = 0;
  std::size_t missing_before = 0;  // in the state that was given
  std::vector<std::string> notes;

  // What findings of one cause have in common: "lost inode table (covered too early)"; of
  // several writes each kind once. Depends on no number.
  std::string cause() const;
};

// What was learned of one state serves the next. Not thread-safe; runner and oracle must
// outlive it.
class Explainer {
 public:
  Explainer(StateRunner& runner, ExplainOptions options);
  ~Explainer();

  // `probe`: which one complains; empty: the first that does. An Error: the state does
  // not fail, or cannot be judged; what the runner says.
  Result<ExplainedState> explain(const CrashState& state, const std::string& probe = "");

 private:
  struct Known {
    KnownStates states;
    std::shared_ptr<const StateSpace> taught;  // the last space
  };

  Result<Known*> known_of(const CrashState& state, const std::string& probe);
  Status name_writes(const CrashState& state, ExplainedState& explained);

  StateRunner& runner_;
  ExplainOptions options_;
  std::map<std::string, Known> known_;
  std::unique_ptr<WriteNames> names_;  // of the last space
};

}  // namespace powercut
