// SPDX-License-Identifier: GPL-2.0-only
//
// What lies where in a state of a recording: block owners, with the journal replayed
// first where the file system needs that (checkers/block_owner.h says why), or told by
// the file system's own program (checkers/image_owners.h).

#pragma once

#include "checkers/block_owner.h"
#include "replay/recording.h"

#include <memory>
#include <string>
#include <vector>

namespace powercut {

// `view` is a state of `device` in which nothing behind `cut` was written. What could not
// be told is added to `notes`: a state without a readable journal is told as it lies
// there. An Error only if interrupted, or if there is no room for an image.
Result<std::unique_ptr<const BlockOwners>> owners_of_state(
    const Recording& recording, const BlockSource& view, Cut cut, std::uint16_t device,
    std::vector<std::string>& notes);

// Writes a state out as a sparse image.
Status write_image(const Recording& recording, const BlockSource& view, Cut cut,
                   std::uint16_t device, const std::filesystem::path& path);

}  // namespace powercut
