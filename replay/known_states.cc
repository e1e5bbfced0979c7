// SPDX-License-Identifier: GPL-2.0-only

#include "replay/known_states.h"

#include "base/ensure.h"

#include <optional>
#include <utility>

namespace powercut {

KnownStates::KnownStates(StateRunner& runner, std::string probe, bool proved)
    : runner_(runner), probe_(std::move(probe)), proved_(proved) {}

KnownStates::Answer KnownStates::answer_of(const Leaf& leaf, bool ran) {
  return Answer{&leaf.base, leaf.has_probe ? &leaf.probe : nullptr, ran};
}

KnownStates::Leaf KnownStates::leaf_of(const RunOutcome& outcome,
                                       std::vector<UnitKey>& footprint) const {
  Leaf leaf;
  leaf.base = outcome.probes[0].verdict;
  footprint = outcome.probes[0].footprint;
  for (std::size_t i = 1; i < outcome.probes.size() && probe_ != "base"; ++i) {
    const ProbeOutcome& probe = outcome.probes[i];
    if (probe.name == probe_) {
      leaf.has_probe = true;
      leaf.probe = probe.verdict;
      footprint.insert(footprint.end(), probe.footprint.begin(), probe.footprint.end());
    }
  }
  return leaf;
}

void KnownStates::learn(const CrashState& state, const RunOutcome& outcome) {
  PC_ENSURE(!outcome.probes.empty(), "a runner says at least what the base found");
  std::vector<UnitKey> footprint;
  Leaf leaf = leaf_of(outcome, footprint);
  const auto cut_off = [](const Verdict& verdict) {
    return verdict.kind == Verdict::Kind::kInconclusive;
  };
  if (cut_off(leaf.base) || (leaf.has_probe && cut_off(leaf.probe))) {
    return;
  }
  const auto id = static_cast<LeafId>(leaves_.size());
  if (proved_) {
    if (paths_.find(tree_, state)) {
      return;  // of a known class
    }
    paths_.lay(tree_, state, footprint, id);
  } else if (!by_id_.emplace(state.id(), id).second) {
    return;
  }
  leaves_.push_back(std::move(leaf));
}

Result<KnownStates::Answer> KnownStates::ask(const CrashState& state) {
  ++asked_;
  if (proved_) {
    if (const std::optional<LeafId> leaf = paths_.find(tree_, state)) {
      return answer_of(leaves_[*leaf], false);
    }
  } else if (const auto known = by_id_.find(state.id()); known != by_id_.end()) {
    return answer_of(leaves_[known->second], false);
  }
  ++runs_;
  PC_ASSIGN_OR_RETURN(const RunOutcome outcome, runner_.run(0, state));
  PC_ENSURE(!outcome.probes.empty(), "a runner says at least what the base found");
  const std::size_t before = leaves_.size();
  learn(state, outcome);
  if (leaves_.size() == before) {
    // Cut off: an answer for this time, and for no other.
    std::vector<UnitKey> footprint;
    leaves_.push_back(leaf_of(outcome, footprint));
  }
  return answer_of(leaves_.back(), true);
}

}  // namespace powercut
