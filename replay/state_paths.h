// SPDX-License-Identifier: GPL-2.0-only
//
// Single states on their way through decision trees: which leaf a state comes to, and the
// path of a run that came to a new one. The explorer does the same with sets of states.

#pragma once

#include "replay/content_table.h"
#include "replay/crash_state.h"
#include "replay/decision_tree.h"

#include <memory>
#include <optional>
#include <span>

namespace powercut {

// For states of one recording and one atomic unit; the trees that it is given must be
// used with no other StatePaths, for contents are numbered by each. Keeps the contents of
// one space: states are best asked cut by cut. Not thread-safe.
class StatePaths {
 public:
  // The leaf whose path the state agrees with in all units; none: of no known class.
  std::optional<LeafId> find(DecisionTree& tree, const CrashState& state);

  // Makes the footprint of a run of this state the path to a new leaf, where find() gives
  // none.
  void lay(DecisionTree& tree, const CrashState& state,
           std::span<const UnitKey> footprint, LeafId leaf);

 private:
  // The node at which the state's way ends: a leaf, or missing.
  NodeId follow(DecisionTree& tree, const CrashState& state);
  SpaceContents& contents_of(const std::shared_ptr<const StateSpace>& space);

  ContentTable table_;
  std::shared_ptr<const StateSpace> space_;  // of contents_
  std::unique_ptr<SpaceContents> contents_;
};

}  // namespace powercut
