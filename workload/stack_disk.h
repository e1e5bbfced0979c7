// SPDX-License-Identifier: GPL-2.0-only
//
// The directive `disk NAME SIZE [domain N]` of a scenario.

#pragma once

#include "base/result.h"
#include "workload/scenario.h"
#include "workload/words.h"

#include <vector>

namespace powercut {

// The words behind "disk". An Error (kUsage) without a place.
Result<StackDisk> read_stack_disk(const std::vector<Word>& words);

}  // namespace powercut
