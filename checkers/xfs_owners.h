// SPDX-License-Identifier: GPL-2.0-only
//
// What lies where in an XFS, as xfs_db tells it: headers, trees, the journal, inodes, and
// the blocks of files, by name. Nothing is repaired and no log is replayed, for only a
// kernel can: with a log that is not clean, things are told as they lie there, and a note
// says so. A block that several files share is told of the one with the lowest inode.

#pragma once

#include "base/result.h"
#include "checkers/block_owner.h"
#include "checkers/xfs_db.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

namespace powercut {

enum class XfsLogState : std::uint8_t { kClean, kDirty, kNotKnown };

// What `xfs_logprint -t` says of the log.
XfsLogState parse_xfs_log_state(std::string_view output);

// Of an image file. kMissing: there is no xfs_db; else an Error only if interrupted.
Result<std::unique_ptr<const BlockOwners>> read_xfs_owners(
    const std::filesystem::path& image, std::uint64_t disk_bytes);

// The same with an xfs_db of the caller's.
Result<std::unique_ptr<const BlockOwners>> read_xfs_owners(XfsRun run,
                                                           std::uint64_t disk_bytes,
                                                           XfsLogState log);

}  // namespace powercut
