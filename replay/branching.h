// SPDX-License-Identifier: GPL-2.0-only
//
// A set of states as constraints on variables, and how a question about one unit splits
// it: the arithmetic of the decision tree, without the tree.

#pragma once

#include "base/big_count.h"
#include "replay/content_table.h"
#include "replay/crash_state.h"
#include "replay/state_space.h"

#include <memory>
#include <span>
#include <vector>

namespace powercut {

// The states of a space in which some variables are narrowed. Not thread-safe; the space
// must outlive it.
class StateSet {
 public:
  explicit StateSet(const StateSpace& space);

  // The options left to a variable.
  const OptionSet& allowed(Variable variable) const;
  void narrow(const Constraint& constraint);
  // Back to all states.
  void clear();

  std::span<const Constraint> constraints() const { return constraints_; }

  // Exact number of states.
  BigCount count() const;

  // How many variables can no longer be as much (as little) on the medium as can be.
  std::uint32_t lost() const { return lost_; }

  std::uint32_t kept() const { return kept_; }

  // A member: variables that are free are kept, or lost, whichever needs fewer
  // exceptions, so that the states tried first are the extreme ones and their neighbours.
  std::vector<std::uint32_t> nearest_extreme() const { return member(kept_nearest()); }

  bool kept_nearest() const { return lost_ <= kept_; }

  // A member: variables that are free are kept, or lost.
  std::vector<std::uint32_t> member(bool most) const;
  std::vector<std::uint32_t> random_member(Random& random) const;

 private:
  const StateSpace* space_;
  std::vector<Constraint> constraints_;                  // latest wins
  std::vector<std::uint32_t> constraint_of_;             // by variable: index + 1, 0 none
  mutable std::vector<std::unique_ptr<OptionSet>> all_;  // by option count
  std::uint32_t lost_ = 0;
  std::uint32_t kept_ = 0;
};

// One part of a set: the states that also meet these constraints have this content.
struct Cube {
  ContentId content = 0;
  std::vector<Constraint> constraints;
};

// The disjoint parts into which a unit's content divides `set`; their union is the set.
// One part without constraints when all states agree.
std::vector<Cube> divide(const StateSpace& space, SpaceContents& contents, UnitKey unit,
                         const UnitContents& unit_contents, const StateSet& set);

}  // namespace powercut
