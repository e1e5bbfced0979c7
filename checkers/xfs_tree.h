// SPDX-License-Identifier: GPL-2.0-only
//
// Walks B+trees of an XFS level by level, many trees at once: a run of xfs_db answers for
// a level of all of them. Each block is read once, whatever points to it.

#pragma once

#include "base/result.h"
#include "checkers/xfs_db.h"
#include "checkers/xfs_layout.h"
#include "replay/range_set.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace powercut {

// A block of a tree. Passive data.
struct XfsTreeBlock {
  std::uint64_t number = 0;  // of the file system
  std::uint64_t level = 0;   // 0: a leaf
  std::string type;          // as xfs_db calls it: "bnobt"
  bool of_group = true;      // pointers are blocks of the group, not of the file system
  std::uint64_t owner = 0;   // for who asks
};

struct XfsTreeVisitor {
  std::function<void(const XfsTreeBlock&, const ByteRange& place)> block;
  std::function<void(const XfsTreeBlock&, const XfsTable& records)> leaf;
};

// From these blocks down. Adds to `unread` how many blocks are not what their parent
// says; those are not visited.
Status walk_xfs_trees(XfsDb& db, const XfsLayout& layout, std::vector<XfsTreeBlock> roots,
                      const XfsTreeVisitor& visitor, std::size_t& unread);

// A question for a block by its number.
XfsQuestion xfs_block_question(const XfsLayout& layout, std::uint64_t number,
                               const std::string& type);

}  // namespace powercut
