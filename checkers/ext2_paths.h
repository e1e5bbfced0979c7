// SPDX-License-Identifier: GPL-2.0-only
//
// Single names of an ext2, ext3 or ext4, looked up in process: for people who look around
// in a state. Reads what the path needs, not the whole tree; expects nothing whole, and
// an Error names what does not hold together.

#pragma once

#include "checkers/ext2_inode.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct Ext2Name {
  std::string name;  // raw bytes
  ext2_ino_t inode = 0;
};

// From the root, with or without a slash in front; "." and ".." are names as any other,
// and no symbolic link is followed. kUsage: nothing has that name.
Result<ext2_ino_t> find_ext2_path(const Ext2Disk& disk, std::string_view path);

// By name, without "." and "..".
Result<std::vector<Ext2Name>> list_ext2_directory(const Ext2Disk& disk, ext2_ino_t inode);

// What a regular file, or a symbolic link, holds from `offset_bytes` on, at most
// `most_bytes`; holes and unwritten extents are zeros. `subject` is the disk's own.
Result<std::vector<std::byte>> read_ext2_content(const Subject& subject, std::size_t disk,
                                                 const Ext2Inode& inode,
                                                 std::uint64_t offset_bytes,
                                                 std::uint64_t most_bytes);

// The journal holds what the rest of the disk does not have yet.
bool ext2_needs_recovery(const Ext2Disk& disk);

}  // namespace powercut
