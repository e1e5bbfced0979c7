// SPDX-License-Identifier: GPL-2.0-only
//
// The cuts of a recording, grouped: between two points at which the set of durable
// writes grows the pending set only grows, so the states of the last cut of such a
// window are all the states of the window.

#pragma once

#include "replay/crash_model.h"
#include "replay/timeline.h"

#include <vector>

namespace powercut {

struct Window {
  std::size_t number = 0;  // from 0, in the order of the log
  Cut cut = 0;             // the last instant of the window
};

// The windows whose cuts lie in [from, to]. A window with nothing pending is left out
// unless it is the first: its one state is a choice of the window before. Under the
// ordered model every completion ends a window, and none is left out.
std::vector<Window> list_windows(const Timeline& timeline, const Durability& durability,
                                 Cut from, Cut to);

}  // namespace powercut
