// SPDX-License-Identifier: GPL-2.0-only
//
// Runs in a results file as knowledge about other states: what a checker read of one
// state answers for every state that agrees with it there.

#pragma once

#include "replay/known_states.h"
#include "results/result_store.h"

#include <memory>

namespace powercut {

// Tells `known` of all runs of the subject whose states are of this space: of the same
// cut and atomic unit. An Error: the file cannot be read.
Status teach_stored(ResultStore& store, SubjectId subject,
                    const std::shared_ptr<const StateSpace>& space, KnownStates& known);

}  // namespace powercut
