// SPDX-License-Identifier: GPL-2.0-only
//
// Which block of an ext2, ext3 or ext4 belongs to what: the table behind block_owner.h.
// Tolerant: what cannot be read claims nothing, and is noted.

#pragma once

#include "checkers/ext2_io.h"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace powercut {

// What a run of blocks is.
struct Ext2Claim {
  enum class Kind : std::uint8_t {
    kFree,
    kNotKnown,  // no one's, and the block bitmap could not be read
    kUsed,      // no one's, but not free
    kBoot,
    kSuperblock,
    kDescriptors,
    kReserved,
    kBlockBitmap,
    kInodeBitmap,
    kInodeTable,
    kMultipleMount,
    kContent,     // of the inode: data, entries, target
    kMap,         // extents or indirect blocks of the inode
    kAttributes,  // of the inode
  };

  Kind kind = Kind::kFree;
  std::uint32_t number = 0;   // of the group, or of the inode
  std::uint64_t in_file = 0;  // block of the file, of content
};

// A value; blocks are numbered as in the file system.
struct Ext2Claims {
  struct Run {
    std::uint64_t end = 0;
    Ext2Claim claim;
  };

  struct Inode {
    std::uint32_t mode = 0;
    std::string role;  // of one that the file system keeps for itself: "journal"
  };

  struct Name {
    std::uint32_t directory = 0;
    std::string name;
  };

  struct Found {
    std::uint64_t begin = 0;  // of the run; meaningless of what is free
    std::uint64_t end = 0;
    Ext2Claim claim;
  };

  Found find(std::uint64_t block) const;

  // The parts of [begin, end) that nobody has claimed become the claim's.
  void add(std::uint64_t begin, std::uint64_t end, Ext2Claim claim);

  std::uint64_t block_bytes = 0;
  std::uint64_t blocks = 0;
  std::uint32_t inode_bytes = 0;
  std::uint32_t inodes_per_group = 0;
  bool bitmap_known = false;
  bool needs_recovery = false;
  std::map<std::uint64_t, Run> runs;  // by first block; they do not overlap
  std::unordered_map<std::uint32_t, Inode> inodes;
  std::unordered_map<std::uint32_t, Name> names;  // of several names the first found
  std::vector<std::string> notes;
};

Ext2Claims read_ext2_claims(const Ext2Disk& disk);

}  // namespace powercut
