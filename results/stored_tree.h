// SPDX-License-Identifier: GPL-2.0-only
//
// The decision tree of earlier checks, from their runs in a results file: a state that
// was never run is answered if the stored runs say what each probe of it would have read
// and said. So a check with another seed, range or budget runs only what is new to all.

#pragma once

#include "replay/crash_model.h"
#include "replay/state_paths.h"
#include "results/result_store.h"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// Thread-safe. Only for checkers whose footprints are told in full (Tier::kProved), and
// not for a check that audits: its states are to be run for real.
class StoredTree {
 public:
  // The store must outlive it. `durability` is of the subject's model. Nothing is read
  // before the first question.
  StoredTree(ResultStore& store, SubjectId subject,
             std::shared_ptr<const Recording> recording,
             std::shared_ptr<const Durability> durability);

  // What a run of this state would say; nothing: it has to be made. The probes may be of
  // different runs: each is of one with the same base that read the same.
  Result<std::optional<RunOutcome>> find(const CrashState& state);

 private:
  // What hangs from a leaf of the base: the run that made it, as a place in ids_, and a
  // tree for each further probe, whose leaves are such places.
  struct BaseLeaf {
    std::size_t run = 0;
    std::vector<DecisionTree> probes;
  };

  Status load();
  void learn(const CrashState& state, const RunOutcome& outcome, std::size_t run);
  Result<RunOutcome> outcome_of(std::size_t run);
  Result<CrashState> in_own_space(const CrashState& state);

  ResultStore& store_;
  SubjectId subject_;
  std::shared_ptr<const Recording> recording_;
  std::shared_ptr<const Durability> durability_;
  std::mutex mutex_;
  bool loaded_ = false;
  StatePaths paths_;
  std::vector<std::shared_ptr<const StateSpace>> spaces_;  // of the latest cuts
  DecisionTree base_;
  std::deque<BaseLeaf> leaves_;   // of base_
  std::vector<std::string> ids_;  // of stored runs
};

}  // namespace powercut
