// SPDX-License-Identifier: GPL-2.0-only
//
// WHERE: an instant of a recording as a user types it: start, end, mark:NAME, flush:N,
// entry:N, seq:N. All but start mean the instant right after the thing.

#pragma once

#include "base/result.h"
#include "replay/timeline.h"

#include <string>

namespace powercut {

// The cut that `where` names. flush:N counts from 1 over completed flushes; entry:N and
// seq:N count from 0, as `log list` prints them. A mark that occurs more than once is
// named mark:NAME#K (K from 1); without #K the first is meant. Unknown names are errors
// whose hint lists what there is.
Result<Cut> find_cut(const Timeline& timeline, const std::string& where);

}  // namespace powercut
