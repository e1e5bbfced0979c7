// SPDX-License-Identifier: GPL-2.0-only
//
// Where two states of one recording differ, without reading the disk: only what one of
// them may have and the other not is compared.

#pragma once

#include "replay/crash_state.h"
#include "replay/range_set.h"

#include <functional>

namespace powercut {

// The blocks whose bytes differ, as ranges. Both states are of the recording that
// `durability` was made for. `stop` is asked now and then; once it says yes, what was
// found so far is returned.
RangeSet differing_blocks(const CrashState& a, const CrashState& b,
                          const Durability& durability, std::uint16_t device,
                          std::uint32_t block_bytes,
                          const std::function<bool()>& stop = nullptr);

}  // namespace powercut
