// SPDX-License-Identifier: GPL-2.0-only
//
// What a crash state of several devices lost, for people: which of the writes that could
// be lost at its cut did not reach which device.

#pragma once

#include "replay/crash_state.h"

#include <string>
#include <vector>

namespace powercut {

// A line a device that had pending writes: "dest lost 2 of 3 pending writes: 112 (4096
// bytes at 0), 114 (4096 bytes at 8192)", at most a few of them by number. A write counts
// as lost if any part of it is (replay/write_choices.h says more). Nothing of a recording
// with one device: its id says it all.
std::vector<std::string> lost_writes(const CrashState& state);

}  // namespace powercut
