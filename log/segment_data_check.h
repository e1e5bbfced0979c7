// SPDX-License-Identifier: GPL-2.0-only
//
// Checks the data of many segments against their checksums, at memory speed.

#pragma once

#include "base/mapped_file.h"
#include "log/segment_index.h"

#include <cstddef>
#include <optional>
#include <span>

namespace powercut {

// The number of the first segment whose data is damaged, if there is one. Large inputs
// are read by two threads; pages are dropped behind them.
std::optional<std::size_t> first_damaged_segment(const MappedFile& file,
                                                 std::span<const SegmentEntry> entries);

}  // namespace powercut
