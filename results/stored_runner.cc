// SPDX-License-Identifier: GPL-2.0-only

#include "results/stored_runner.h"

#include <algorithm>
#include <optional>

namespace powercut {

bool StoredRunner::asked_before(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !asked_.insert(id).second;
}

Result<RunOutcome> StoredRunner::run(std::size_t worker, const CrashState& state) {
  const std::string id = state.id();
  std::optional<RunOutcome> known;
  if (!audit_ || !asked_before(id)) {
    PC_ASSIGN_OR_RETURN(known, store_.find_run(subject_, id));
  }
  if (known) {
    ++answered_;
    return std::move(*known);
  }
  if (tree_ != nullptr) {
    PC_ASSIGN_OR_RETURN(std::optional<RunOutcome> same, tree_->find(state));
    if (same) {
      ++agreed_;
      return std::move(*same);
    }
  }
  PC_ASSIGN_OR_RETURN(RunOutcome outcome, runner_.run(worker, state));
  const bool judged = std::none_of(
      outcome.probes.begin(), outcome.probes.end(), [](const ProbeOutcome& probe) {
        return probe.verdict.kind == Verdict::Kind::kInconclusive;
      });
  if (judged) {
    PC_RETURN_IF_ERROR(store_.add_run(subject_, id, outcome));
  }
  return outcome;
}

}  // namespace powercut
