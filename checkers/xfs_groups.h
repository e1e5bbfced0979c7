// SPDX-License-Identifier: GPL-2.0-only
//
// What the allocation groups of an XFS say: where their headers and trees lie, which
// blocks are free, and where inodes are.

#pragma once

#include "base/result.h"
#include "checkers/claimed_owners.h"
#include "checkers/xfs_db.h"
#include "checkers/xfs_layout.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace powercut {

// Up to 64 inodes that lie one behind the other.
struct XfsInodes {
  std::uint64_t group = 0;
  std::uint64_t first = 0;  // its number
  std::uint64_t there = 0;  // bit i: inode first + i has a place
  std::uint64_t used = 0;   // bit i: and is in use
};

struct XfsGroups {
  std::vector<XfsInodes> inodes;
  std::vector<ByteRange> free;
  std::vector<ByteRange> reserved;  // for a copy on write
  std::size_t unread = 0;           // structures that are not where they should be
};

// Claims headers, trees and the journal; fills `groups` as far as an Error let it come.
Status read_xfs_groups(XfsDb& db, const XfsLayout& layout, OwnerClaims& claims,
                       XfsGroups& groups);

}  // namespace powercut
