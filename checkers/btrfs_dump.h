// SPDX-License-Identifier: GPL-2.0-only
//
// What `btrfs inspect-internal dump-tree` prints, read back. Names may hold any byte, and
// stand there as they are: they are taken by their length, so that none is taken for a
// line. What does not look as expected is left out and counted.

#pragma once

#include "checkers/inode_names.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

namespace btrfs {

inline constexpr std::uint64_t kRootTree = 1;
inline constexpr std::uint64_t kFsTree = 5;
inline constexpr std::uint64_t kFirstInode = 256;

}  // namespace btrfs

// A stretch of logical addresses, and where its copies or stripes are.
struct BtrfsChunk {
  struct Stripe {
    std::uint64_t device = 0;
    std::uint64_t offset = 0;
  };

  std::uint64_t logical = 0;
  std::uint64_t length = 0;
  std::uint64_t stripe_bytes = 0;
  std::uint64_t sub_stripes = 0;
  std::string type;  // "DATA|single"
  std::vector<Stripe> stripes;
};

struct BtrfsTreeBlock {
  std::uint64_t logical = 0;
  std::uint64_t level = 0;
  std::string owner;  // "FS_TREE", "256"
};

// What a file has of a data extent.
struct BtrfsFileExtent {
  InodeNames::Inode inode;
  std::uint64_t in_file = 0;
  std::uint64_t logical = 0;  // of the extent
  std::uint64_t extent_bytes = 0;
  std::uint64_t offset = 0;  // in the extent, what the file has
  std::uint64_t length = 0;
  bool compressed = false;
};

// What the extent tree says is in use.
struct BtrfsUsed {
  std::uint64_t logical = 0;
  std::uint64_t length = 0;  // 0: a block of a tree
};

struct BtrfsDump {
  std::vector<BtrfsChunk> chunks;
  std::vector<BtrfsTreeBlock> blocks;
  std::vector<BtrfsFileExtent> extents;
  std::vector<BtrfsUsed> used;
  std::map<InodeNames::Inode, std::uint32_t> modes;
  InodeNames names{{btrfs::kFsTree, btrfs::kFirstInode}};
  std::size_t unread = 0;
  bool names_left_out = false;
};

BtrfsDump parse_btrfs_dump(std::string_view text);

}  // namespace powercut
