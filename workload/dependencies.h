// SPDX-License-Identifier: GPL-2.0-only
//
// Turns core steps into a workload every operation of which succeeds: what must be there
// at the begin is made first and synced, what must be there later is made right before.
//
// What a step mentions first decides: a name that its first step needs is there, with
// 16 KiB of data, from the begin; one that its first step makes is not. A name that only
// an fsync mentions is made right before that, and so is unsynced.

#pragma once

#include "workload/core_operations.h"
#include "workload/operation.h"

#include <span>

namespace powercut {

// The text of the mark between the sync of what was made first and the first step. It is
// there too if nothing had to be made.
inline constexpr const char* kPreparedMark = "prepared";

Workload build_workload(const NameSet& names, std::span<const CoreStep> steps);

}  // namespace powercut
