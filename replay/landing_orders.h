// SPDX-License-Identifier: GPL-2.0-only
//
// The ways in which writes that were in flight together over one place can have landed.

#pragma once

#include "replay/timeline.h"

#include <optional>
#include <utility>
#include <vector>

namespace powercut {

struct ConcurrentWrites {
  std::vector<WriteIndex> durable;  // landed in every way
  std::vector<WriteIndex> pending;  // may have landed or not
  // Pairs that overlap and have no order: two ways that differ in none of these leave
  // the same bytes.
  std::vector<std::pair<WriteIndex, WriteIndex>> overlaps;
};

// Every subset of the pending writes together with the durable ones, in every order that
// the timeline permits and that differs where they overlap; fewest writes first. Nothing
// if there are more than 4096, or too many orders to look through.
std::optional<std::vector<std::vector<WriteIndex>>> landing_orders(
    const Timeline& timeline, const ConcurrentWrites& writes);

}  // namespace powercut
