// SPDX-License-Identifier: GPL-2.0-only
//
// What a checker says of single states, asked one after the other: a state that agrees
// with an earlier one in all that the checker read there is answered without a run.
//
// The same idea as replay/explorer.h, for states instead of sets of them: a decision tree
// keyed by content, whose paths contain the footprints of the runs that made them.

#pragma once

#include "replay/decision_tree.h"
#include "replay/state_paths.h"
#include "replay/state_runner.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace powercut {

// Of one recording, one checker and one of its probes. Not thread-safe; the runner must
// outlive it.
class KnownStates {
 public:
  // `probe`: "base", or the name of a further probe, which reads what the base reads and
  // something more. `proved`: whether footprints are told in full (Tier::kProved); if
  // not, only a state with the same id is taken for known.
  KnownStates(StateRunner& runner, std::string probe, bool proved);

  // What was said of a state.
  struct Answer {
    const Verdict* base = nullptr;
    const Verdict* probe = nullptr;  // null: the probe is the base, or the state has none
    bool ran = false;
  };

  // The pointers last as long as this object.
  Result<Answer> ask(const CrashState& state);

  // Takes in what a run elsewhere came to, of a state of the same recording and model. An
  // inconclusive outcome teaches nothing.
  void learn(const CrashState& state, const RunOutcome& outcome);

  std::uint64_t asked() const { return asked_; }

  std::uint64_t runs() const { return runs_; }

 private:
  struct Leaf {
    Verdict base;
    Verdict probe;
    bool has_probe = false;
  };

  static Answer answer_of(const Leaf& leaf, bool ran);
  Leaf leaf_of(const RunOutcome& outcome, std::vector<UnitKey>& footprint) const;

  StateRunner& runner_;
  std::string probe_;
  bool proved_;
  StatePaths paths_;
  DecisionTree tree_;
  std::deque<Leaf> leaves_;
  std::map<std::string, LeafId> by_id_;
  std::uint64_t asked_ = 0;
  std::uint64_t runs_ = 0;
};

}  // namespace powercut
