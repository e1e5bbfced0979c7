// SPDX-License-Identifier: GPL-2.0-only
//
// What lies where on a device of a btrfs, as `btrfs inspect-internal` tells it:
// superblocks, blocks of trees by tree and level, and extents of files by name, logs of
// fsync among them. It is told of the last commit, as the superblock has it: what was
// written since is "free in generation N". An extent that several files share is told of
// one. Chunks with parity are not told.

#pragma once

#include "base/result.h"
#include "checkers/block_owner.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

namespace powercut {

// Of an image file. kMissing: there is no btrfs; an Error only then or if interrupted.
Result<std::unique_ptr<const BlockOwners>> read_btrfs_owners(
    const std::filesystem::path& image, std::uint64_t disk_bytes);

// From what dump-super and dump-tree printed.
std::unique_ptr<const BlockOwners> btrfs_owners(std::string_view superblock,
                                                std::string_view trees,
                                                std::uint64_t disk_bytes);

}  // namespace powercut
