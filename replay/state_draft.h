// SPDX-License-Identifier: GPL-2.0-only
//
// A permitted state that a person puts together: it begins with all that is pending kept,
// and writes are lost and kept by their numbers.
//
// What was asked is remembered: of three versions of a unit, to lose the second and then
// the third shows the first. A write that others cover can be lost and nothing shows it;
// the id of the state says what shows.

#pragma once

#include "base/result.h"
#include "replay/crash_state.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace powercut {

class StateDraft {
 public:
  // `pending` are the pending writes at the cut of the space, ascending.
  StateDraft(std::shared_ptr<const StateSpace> space, std::vector<WriteIndex> pending);
  // From a state: what is lost there is lost here.
  StateDraft(CrashState state, std::vector<WriteIndex> pending);

  const CrashState& state() const { return state_; }

  const std::vector<WriteIndex>& pending() const { return pending_; }

  // Ascending. An Error of kind kUsage, and nothing is changed, for a write that is not
  // pending, or that no state can show.
  Status drop(const std::vector<WriteIndex>& writes);
  Status keep(const std::vector<WriteIndex>& writes);
  Status keep_only(const std::vector<WriteIndex>& writes);
  void keep_all();

  // Pending writes that are not, or not wholly, in the state, though a choice could have
  // them there. Ascending.
  std::vector<WriteIndex> lost() const;

  // Some state shows it, and another does not.
  bool is_choice(WriteIndex write) const { return variables_.contains(write); }

 private:
  void index_variables();
  Status check(const std::vector<WriteIndex>& writes) const;
  std::vector<WriteIndex> shown(Variable variable, std::uint32_t option) const;
  std::uint32_t best_option(Variable variable) const;
  bool misses(Variable variable, WriteIndex write) const;
  void choose_again(const std::set<Variable>& variables);
  std::set<Variable> variables_of(const std::vector<WriteIndex>& writes) const;

  CrashState state_;
  std::vector<WriteIndex> pending_;
  std::map<WriteIndex, std::vector<Variable>> variables_;  // of what is a choice
  std::set<WriteIndex> lost_;                              // as asked
};

// The writes that "412" names, or "412#2" for a piece of a write that is not atomic. An
// Error of kind kUsage: there is none.
Result<std::vector<WriteIndex>> writes_named(const Timeline& timeline,
                                             const std::string& name);

}  // namespace powercut
