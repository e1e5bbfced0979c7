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
  std::size_t stage = 0;   // of an oracle; see replay/oracle.h
};

// The windows whose cuts lie in [from, to]. A window with nothing pending is left out
// unless it is the first: its one state is a choice of the window before. Under the
// ordered model every completion ends a window, and none is left out.
//
// `boundaries` (ascending) are the positions of marks at which what an oracle asks of a
// state changes: each ends a window too, and the first window behind one is not left out,
// for what is asked of its states is new.
std::vector<Window> list_windows(const Timeline& timeline, const Durability& durability,
                                 Cut from, Cut to,
                                 const std::vector<EventPos>& boundaries = {});

}  // namespace powercut
