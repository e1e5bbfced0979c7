// SPDX-License-Identifier: GPL-2.0-only

#include "results/stored_states.h"

#include <optional>
#include <string>
#include <vector>

namespace powercut {

Status teach_stored(ResultStore& store, SubjectId subject,
                    const std::shared_ptr<const StateSpace>& space, KnownStates& known) {
  const Cut end = space->recording().timeline().end();
  PC_ASSIGN_OR_RETURN(const std::vector<std::string> ids, store.run_ids(subject));
  for (const std::string& id : ids) {
    const Result<StateIdHead> head = parse_state_head(id, end);
    if (!head || head->cut != space->cut() ||
        head->atomic_bytes != space->model().atomic_bytes) {
      continue;
    }
    const Result<CrashState> state = state_from_id(space, id);
    PC_ASSIGN_OR_RETURN(const std::optional<RunOutcome> outcome,
                        store.find_run(subject, id));
    if (state && outcome) {
      known.learn(*state, *outcome);
    }
  }
  return {};
}

}  // namespace powercut
