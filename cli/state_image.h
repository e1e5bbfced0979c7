// SPDX-License-Identifier: GPL-2.0-only
//
// A state as an image file: sparse, and whole or not there at all.

#pragma once

#include "base/block_source.h"
#include "replay/recording.h"

#include <filesystem>

namespace powercut {

// Writes what `view` shows, a state of `device` at `cut`. Throws Failure.
void write_state_image(const Recording& recording, const BlockSource& view, Cut cut,
                       std::uint16_t device, const std::filesystem::path& path);

}  // namespace powercut
