// SPDX-License-Identifier: GPL-2.0-only
//
// What lies where in an f2fs: its areas, nodes, directories and files by name. dump.f2fs
// tells where nodes are and what is in use, as of the last checkpoint; what was synced
// behind it is "free in the last checkpoint". Blocks of nodes are read in process. Of a
// compressed file no places within are told.

#pragma once

#include "base/block_source.h"
#include "base/result.h"
#include "checkers/block_owner.h"

#include <filesystem>
#include <memory>
#include <string_view>

namespace powercut {

// Of an image file; dump.f2fs writes files, in a directory of their own in `scratch`.
// kMissing: it is not there; else an Error only if it cannot be run, or if interrupted.
Result<std::unique_ptr<const BlockOwners>> read_f2fs_owners(
    const std::filesystem::path& image, const BlockSource& disk,
    const std::filesystem::path& scratch);

// From what dump.f2fs printed, and its files dump_nat and dump_sit.
std::unique_ptr<const BlockOwners> f2fs_owners(const BlockSource& disk,
                                               std::string_view output,
                                               std::string_view nodes,
                                               std::string_view segments);

}  // namespace powercut
