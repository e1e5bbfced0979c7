// SPDX-License-Identifier: GPL-2.0-only
//
// What a unit can hold when writes cover parts of it only: who wrote each of its sectors.

#pragma once

#include "replay/timeline.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace powercut {

// The writer of each 512-byte sector of a unit; kNoWrite is the base.
using SectorWriters = std::vector<WriteIndex>;

struct PartialWrite {
  WriteIndex write = kNoWrite;
  bool durable = false;
};

// Every outcome of every subset of the pending writes in every permitted order, oldest
// first. Nothing if there are more than 4096, or more than 20 writes.
std::optional<std::vector<SectorWriters>> sector_outcomes(
    const Timeline& timeline, const std::vector<PartialWrite>& writes,
    std::uint64_t unit_begin_bytes, std::uint32_t unit_bytes);

}  // namespace powercut
