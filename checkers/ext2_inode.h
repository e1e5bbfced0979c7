// SPDX-License-Identifier: GPL-2.0-only
//
// One inode of an ext2, ext3 or ext4, as ext2_files needs it: its attributes as stat(2)
// and listxattr(2) tell them, and where its blocks are.

#pragma once

#include "base/file_tree.h"
#include "base/result.h"
#include "checkers/ext2_io.h"

#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

// Blocks of a file that lie together. In bytes.
struct Ext2Run {
  std::uint64_t in_file = 0;
  std::uint64_t on_disk = 0;
  std::uint64_t length = 0;
  bool unwritten = false;
};

struct Ext2Inode {
  ext2_ino_t number = 0;
  std::uint32_t generation = 0;
  FileNode node;              // without its path
  std::vector<Ext2Run> runs;  // of a regular file, by in_file
  // Of a regular file without blocks of its own: what it holds, within its size.
  std::string inline_content;

  bool is_directory() const { return LINUX_S_ISDIR(node.mode); }

  bool is_file() const { return LINUX_S_ISREG(node.mode); }
};

Result<Ext2Inode> read_ext2_inode(const Ext2Disk& disk, ext2_ino_t number);

}  // namespace powercut
