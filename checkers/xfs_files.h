// SPDX-License-Identifier: GPL-2.0-only
//
// Inodes of an XFS: what they are, their names, and which blocks they have.

#pragma once

#include "base/result.h"
#include "checkers/inode_names.h"
#include "checkers/xfs_db.h"
#include "checkers/xfs_layout.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace powercut {

struct XfsExtent {
  enum class Kind : std::uint8_t { kContent, kAttributes, kMap };

  std::uint64_t in_file = 0;  // blocks
  std::uint64_t block = 0;
  std::uint64_t count = 0;
  Kind kind = Kind::kContent;
};

struct XfsInode {
  std::uint32_t mode = 0;
  bool realtime = false;  // its content is on another device
  std::vector<XfsExtent> extents;
};

struct XfsFiles {
  std::map<std::uint64_t, XfsInode> inodes;
  InodeNames names;
  std::size_t unread = 0;
  bool names_left_out = false;
};

// Reads these inodes into `files`, as far as an Error lets it come.
Status read_xfs_files(XfsDb& db, const XfsLayout& layout,
                      const std::vector<std::uint64_t>& numbers, XfsFiles& files);

}  // namespace powercut
