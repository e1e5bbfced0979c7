// SPDX-License-Identifier: GPL-2.0-only
//
// Writes a state out as an image: only what the log or a base ever touched is visited,
// and zeros are left to the sink (a sparse file has them already).

#pragma once

#include "base/result.h"
#include "replay/recording.h"

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace powercut {

using Extent = std::pair<std::uint64_t, std::uint64_t>;  // [begin, end) in bytes

// Sorted, disjoint extents that may hold something but zeros at any state up to `cut`.
std::vector<Extent> touched_extents(const Recording& recording, Cut cut,
                                    std::uint16_t device);

// Calls `sink(offset, bytes)` for every block of the view within `extents` that is not
// all zeros, in ascending order, in pieces of at most 1 MiB.
Status copy_nonzero(
    const BlockSource& view, std::span<const Extent> extents,
    const std::function<Status(std::uint64_t, std::span<const std::byte>)>& sink);

}  // namespace powercut
