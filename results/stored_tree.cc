// SPDX-License-Identifier: GPL-2.0-only

#include "results/stored_tree.h"

#include <algorithm>
#include <utility>

namespace powercut {

StoredTree::StoredTree(ResultStore& store, SubjectId subject,
                       std::shared_ptr<const Recording> recording,
                       std::shared_ptr<const Durability> durability)
    : store_(store),
      subject_(subject),
      recording_(std::move(recording)),
      durability_(std::move(durability)) {}

Status StoredTree::load() {
  const Cut end = recording_->timeline().end();
  PC_ASSIGN_OR_RETURN(std::vector<std::string> ids, store_.run_ids(subject_));
  std::vector<std::pair<Cut, std::string>> by_cut;  // the space of a cut is built once
  for (std::string& id : ids) {
    const Result<StateIdHead> head = parse_state_head(id, end);
    if (head && head->atomic_bytes == durability_->model().atomic_bytes) {
      by_cut.emplace_back(head->cut, std::move(id));
    }
  }
  std::sort(by_cut.begin(), by_cut.end());
  std::shared_ptr<const StateSpace> space;
  for (auto& [cut, id] : by_cut) {
    if (space == nullptr || space->cut() != cut) {
      PC_ASSIGN_OR_RETURN(space, StateSpace::build(recording_, durability_, cut));
    }
    const Result<CrashState> state = state_from_id(space, id);
    PC_ASSIGN_OR_RETURN(const std::optional<RunOutcome> outcome,
                        store_.find_run(subject_, id));
    if (state && outcome && !outcome->probes.empty()) {
      ids_.push_back(std::move(id));
      learn(*state, *outcome, ids_.size() - 1);
    }
  }
  return {};
}

void StoredTree::learn(const CrashState& state, const RunOutcome& outcome,
                       std::size_t run) {
  std::optional<LeafId> base = paths_.find(base_, state);
  if (!base) {
    base = static_cast<LeafId>(leaves_.size());
    paths_.lay(base_, state, outcome.probes[0].footprint, *base);
    leaves_.push_back(
        BaseLeaf{run, std::vector<DecisionTree>(outcome.probes.size() - 1)});
  }
  std::vector<DecisionTree>& probes = leaves_[*base].probes;
  for (std::size_t i = 0; i < probes.size() && i + 1 < outcome.probes.size(); ++i) {
    if (!paths_.find(probes[i], state)) {
      paths_.lay(probes[i], state, outcome.probes[i + 1].footprint,
                 static_cast<LeafId>(run));
    }
  }
}

// The asker trims its spaces, and what is read of them must not go meanwhile.
Result<CrashState> StoredTree::in_own_space(const CrashState& state) {
  const Cut cut = state.space->cut();
  auto known = std::find_if(spaces_.begin(), spaces_.end(),
                            [&](const auto& space) { return space->cut() == cut; });
  if (known == spaces_.end()) {
    PC_ASSIGN_OR_RETURN(std::shared_ptr<const StateSpace> space,
                        StateSpace::build(recording_, durability_, cut));
    spaces_.push_back(std::move(space));
    known = spaces_.end() - 1;
  }
  std::rotate(known, known + 1, spaces_.end());  // the latest used is the last
  constexpr std::size_t kMostSpaces = 8;         // each worker may be at another cut
  if (spaces_.size() > kMostSpaces) {
    spaces_.erase(spaces_.begin());
  }
  return CrashState{spaces_.back(), state.options};
}

Result<std::optional<RunOutcome>> StoredTree::find(const CrashState& asked) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!loaded_) {
    PC_RETURN_IF_ERROR(load());
    loaded_ = true;
  }
  PC_ASSIGN_OR_RETURN(const CrashState state, in_own_space(asked));
  const std::optional<LeafId> base = paths_.find(base_, state);
  if (!base) {
    return std::optional<RunOutcome>();
  }
  BaseLeaf& leaf = leaves_[*base];
  std::vector<std::size_t> runs = {leaf.run};
  for (DecisionTree& tree : leaf.probes) {
    const std::optional<LeafId> run = paths_.find(tree, state);
    if (!run) {
      return std::optional<RunOutcome>();
    }
    runs.push_back(*run);
  }
  PC_ASSIGN_OR_RETURN(RunOutcome outcome, outcome_of(runs[0]));
  for (std::size_t i = 1; i < runs.size(); ++i) {
    if (runs[i] != runs[0]) {
      PC_ASSIGN_OR_RETURN(RunOutcome other, outcome_of(runs[i]));
      outcome.probes.at(i) = std::move(other.probes.at(i));
    }
  }
  return std::optional(std::move(outcome));
}

Result<RunOutcome> StoredTree::outcome_of(std::size_t run) {
  PC_ASSIGN_OR_RETURN(std::optional<RunOutcome> outcome,
                      store_.find_run(subject_, ids_[run]));
  return outcome ? Result<RunOutcome>(std::move(*outcome))
                 : fail(ErrorKind::kBadInput,
                        "a run vanished from the results file: " + ids_[run],
                        "another program changes it");
}

}  // namespace powercut
