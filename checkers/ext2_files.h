// SPDX-License-Identifier: GPL-2.0-only
//
// What an ext2, ext3 or ext4 holds, read in process by libext2fs: the tree that a walk
// over a mount of it by the kernel gives, and the places of what its files hold. No
// mount, no root, no file: it reads through the Subject, so its reads are in the
// footprint. It expects a file system that needs no recovery (e2fsck has run).
//
// As the kernel tells it: extended attributes are those that listxattr(2) shows to root
// (user., trusted., security., and the two ACLs, whose values have the form of
// getxattr(2)); names and values that the file system keeps for itself (system.data of
// inline files) are none. Inline content is an extent, as FIEMAP has it, and has blocks,
// as stat(2) has it.
//
// Encrypted inodes and inodes with verity cannot be looked into: an Error.

#pragma once

#include "base/file_tree.h"
#include "base/result.h"
#include "checkers/checker.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

// A stretch of a unit that has blocks. Offsets and lengths in bytes.
struct Ext2Piece {
  std::uint64_t on_disk = 0;
  std::uint32_t in_unit = 0;
  std::uint32_t length = 0;
};

// One unit of what a regular file holds: an aligned range of `unit_bytes`, or less at its
// end. Units without written blocks (holes, unwritten extents) are no units, nor are
// inline data unless they are asked for.
struct Ext2DataUnit {
  std::string path;  // of several names the first
  std::uint64_t inode = 0;
  std::uint32_t generation = 0;
  std::uint64_t offset_bytes = 0;  // in the file
  std::uint32_t length_bytes = 0;
  std::vector<Ext2Piece> pieces;  // by in_unit; what lies between reads as zeros
  std::string inline_content;     // instead of pieces: it has been read already
};

// Which units are listed.
struct Ext2Units {
  std::uint32_t unit_bytes = 0;  // 0: none
  bool inline_too = false;
};

struct Ext2Files {
  FileTree tree;                    // normalised
  std::vector<Ext2DataUnit> units;  // by path, then by offset; each inode once
};

// An Error of kind kBadInput: this is no ext4, or it does not hold together; kUsage: it
// cannot be looked into; else the disk's own.
Result<Ext2Files> read_ext2_files(const Subject& subject, std::size_t disk,
                                  const Ext2Units& wanted = {});

// What is in a unit.
Result<std::vector<std::byte>> read_unit(const Subject& subject, std::size_t disk,
                                         const Ext2DataUnit& unit);

}  // namespace powercut
