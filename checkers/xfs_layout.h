// SPDX-License-Identifier: GPL-2.0-only
//
// Where things are in an XFS: its numbers of blocks and inodes have the allocation group
// (AG) in their upper bits, so they are no places by themselves.

#pragma once

#include "checkers/xfs_print.h"
#include "replay/range_set.h"

#include <cstdint>
#include <optional>

namespace powercut {

struct XfsLayout {
  std::uint64_t block_bytes = 0;
  std::uint64_t sector_bytes = 0;
  std::uint64_t inode_bytes = 0;
  std::uint64_t blocks = 0;
  std::uint64_t group_blocks = 0;
  std::uint64_t groups = 0;
  std::uint64_t group_block_bits = 0;  // agblklog
  std::uint64_t block_inode_bits = 0;  // inopblog
  std::uint64_t directory_blocks = 1;  // of a block of a directory
  std::uint64_t log_start = 0;         // 0: the log is on another device
  std::uint64_t log_blocks = 0;
  std::uint64_t root = 0;

  // Of the superblock; nothing if it makes no sense.
  static std::optional<XfsLayout> of(const XfsPrint& superblock);

  std::uint64_t end_bytes() const { return blocks * block_bytes; }

  // A block by its number, or by its group and its number there.
  std::optional<std::uint64_t> block_at(std::uint64_t number) const;
  std::optional<std::uint64_t> block_at(std::uint64_t group, std::uint64_t block) const;

  // The bytes of `count` blocks of one group; nothing if they are not all in it.
  std::optional<ByteRange> blocks_at(std::uint64_t number, std::uint64_t count) const;

  std::uint64_t number_of(std::uint64_t group, std::uint64_t block) const {
    return group << group_block_bits | block;
  }

  // An inode by its number, and what its number is in its group.
  std::optional<std::uint64_t> inode_at(std::uint64_t number) const;

  std::uint64_t inode_number(std::uint64_t group, std::uint64_t in_group) const {
    return group << (group_block_bits + block_inode_bits) | in_group;
  }
};

}  // namespace powercut
