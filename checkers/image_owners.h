// SPDX-License-Identifier: GPL-2.0-only
//
// Block owners of file systems that only their own programs can read, from an image file:
// XFS by xfs_db, btrfs by btrfs inspect-internal, f2fs by dump.f2fs.

#pragma once

#include "base/block_source.h"
#include "base/result.h"
#include "checkers/block_owner.h"

#include <filesystem>
#include <memory>

namespace powercut {

// By its superblock: whether read_block_owners_of_image() tells more of this disk than
// read_block_owners().
bool owners_need_image(const BlockSource& disk);

// Of any file system. Never null: without the program every owner is "not known: xfs_db
// is missing (package xfsprogs)", with a note. An Error only if interrupted, or if the
// image cannot be opened. `scratch`: a directory in which programs may write.
Result<std::unique_ptr<const BlockOwners>> read_block_owners_of_image(
    const std::filesystem::path& image, const std::filesystem::path& scratch);

}  // namespace powercut
