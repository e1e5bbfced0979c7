// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/xfs_groups.h"

#include "checkers/xfs_tree.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>
#include <string>

namespace powercut {

namespace {

// A tree of a group, and where its root is told.
struct Tree {
  const char* type;
  const char* name;
  const char* root;
  const char* level;
  bool of_inodes;  // told by the inode header
};

constexpr std::array<Tree, 6> kTrees = {{
    {"bnobt", "tree of free space by place", "bnoroot", "bnolevel", false},
    {"cntbt", "tree of free space by length", "cntroot", "cntlevel", false},
    {"rmapbt", "tree of owners", "rmaproot", "rmaplevel", false},
    {"refcntbt", "tree of shared blocks", "refcntroot", "refcntlevel", false},
    {"inobt", "tree of inodes", "root", "level", true},
    {"finobt", "tree of free inodes", "free_root", "free_level", true},
}};

enum TreeIndex : std::uint8_t { kFreeTree = 0, kSharedTree = 3, kInodeTree = 4 };

constexpr std::size_t kMostPieces = 4 << 20;
constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

std::uint64_t field(const std::optional<XfsPrint>& header, const char* name) {
  return header ? header->number_or(name, kNone) : kNone;
}

class GroupReader {
 public:
  GroupReader(XfsDb& db, const XfsLayout& layout, OwnerClaims& claims, XfsGroups& groups)
      : db_(db), layout_(layout), claims_(claims), groups_(groups) {}

  Status read() {
    if (layout_.log_start != 0) {
      if (const auto log = layout_.blocks_at(layout_.log_start, layout_.log_blocks)) {
        claims_.claim(*log, "journal");
      }
    }
    std::vector<XfsQuestion> questions;
    for (std::uint64_t group = 0; group < layout_.groups; ++group) {
      claim_headers(group, questions);
    }
    PC_ASSIGN_OR_RETURN(const auto answers, db_.ask(questions));
    std::vector<XfsTreeBlock> roots;
    for (std::uint64_t group = 0; group < layout_.groups; ++group) {
      const auto* const of = answers.data() + group * 3;
      groups_.unread += (of[0] ? 0U : 1U) + (of[1] ? 0U : 1U) + (of[2] ? 0U : 1U);
      claim_reserve(group, of[0], of[2]);
      for (std::size_t tree = 0; tree < kTrees.size(); ++tree) {
        add_root(group, tree, kTrees[tree].of_inodes ? of[1] : of[0], roots);
      }
    }
    XfsTreeVisitor visitor;
    visitor.block = [this](const XfsTreeBlock& block, const ByteRange& place) {
      claims_.claim(place, fmt::format("{} of AG {}", kTrees[block.owner].name,
                                       block.number >> layout_.group_block_bits));
    };
    visitor.leaf = [this](const XfsTreeBlock& block, const XfsTable& records) {
      take_records(block, records);
    };
    return walk_xfs_trees(db_, layout_, std::move(roots), visitor, groups_.unread);
  }

 private:
  // The first four sectors: superblock, AGF, AGI, AGFL.
  void claim_headers(std::uint64_t group, std::vector<XfsQuestion>& questions) {
    const std::uint64_t begin = *layout_.block_at(group, 0);
    const std::uint64_t sector = layout_.sector_bytes;
    const auto of_group = [&](const char* what) {
      return fmt::format("{} of AG {}", what, group);
    };
    const std::array<std::string, 4> names = {
        group == 0 ? "superblock" : of_group("superblock copy"),
        of_group("free space header (AGF)"), of_group("inode header (AGI)"),
        of_group("free list (AGFL)")};
    for (std::size_t i = 0; i < names.size(); ++i) {
      claims_.claim({begin + i * sector, begin + (i + 1) * sector}, names[i]);
    }
    const std::uint64_t end = begin + layout_.block_bytes;
    if (begin + 4 * sector < end) {
      claims_.claim({begin + 4 * sector, end}, of_group("unused room behind headers"));
    }
    std::uint64_t at = begin;
    for (const char* const header : {"agf", "agi", "agfl"}) {
      at += sector;
      questions.push_back({{fmt::format("{} {}", header, group)}, at});
    }
  }

  // Blocks that the free list keeps for the trees: of a ring, those from flfirst to
  // fllast. The others are out of date.
  void claim_reserve(std::uint64_t group, const std::optional<XfsPrint>& header,
                     const std::optional<XfsPrint>& list) {
    const XfsTable* const blocks = list ? list->table("bno") : nullptr;
    const std::uint64_t first = field(header, "flfirst");
    const std::uint64_t last = field(header, "fllast");
    if (blocks == nullptr || first == kNone || last == kNone ||
        field(header, "flcount") == 0) {
      return;
    }
    for (std::size_t i = 0; i < blocks->rows.size(); ++i) {
      const std::uint64_t number = blocks->numbers[i];
      const std::uint64_t block = blocks->rows[i][0];
      const bool in_use = first <= last ? number >= first && number <= last
                                        : number >= first || number <= last;
      const auto place = block < layout_.group_blocks
                             ? layout_.blocks_at(layout_.number_of(group, block), 1)
                             : std::nullopt;
      if (in_use && place) {
        claims_.claim(*place, fmt::format("block kept for the trees of AG {}", group));
      }
    }
  }

  void add_root(std::uint64_t group, std::size_t tree,
                const std::optional<XfsPrint>& header,
                std::vector<XfsTreeBlock>& roots) const {
    const std::uint64_t root = field(header, kTrees[tree].root);
    const std::uint64_t levels = field(header, kTrees[tree].level);
    if (levels != 0 && levels != kNone && root != 0 && root < layout_.group_blocks) {
      roots.push_back(
          {layout_.number_of(group, root), levels - 1, kTrees[tree].type, true, tree});
    }
  }

  void take_records(const XfsTreeBlock& block, const XfsTable& records) {
    const std::uint64_t group = block.number >> layout_.group_block_bits;
    if (block.owner == kFreeTree || block.owner == kSharedTree) {
      take_extents(group, records, block.owner == kFreeTree);
    } else if (block.owner == kInodeTree) {
      take_inodes(group, records);
    }
  }

  void take_extents(std::uint64_t group, const XfsTable& records, bool free) {
    const auto start = records.column("startblock");
    const auto count = records.column("blockcount");
    const auto reserved = records.column("cowflag");
    if (!start || !count || (!free && !reserved)) {
      return;
    }
    for (const std::vector<std::uint64_t>& row : records.rows) {
      if (groups_.free.size() + groups_.reserved.size() >= kMostPieces) {
        ++groups_.unread;
        return;
      }
      if (row[*start] >= layout_.group_blocks || (!free && row[*reserved] != 1)) {
        continue;
      }
      if (const auto place =
              layout_.blocks_at(layout_.number_of(group, row[*start]), row[*count])) {
        (free ? groups_.free : groups_.reserved).push_back(*place);
      }
    }
  }

  void take_inodes(std::uint64_t group, const XfsTable& records) {
    const auto start = records.column("startino");
    const auto free = records.column("free");
    const auto holes = records.column("holemask");  // a bit for four inodes
    if (!start || !free) {
      return;
    }
    const std::uint64_t bits = layout_.group_block_bits + layout_.block_inode_bits;
    for (const std::vector<std::uint64_t>& row : records.rows) {
      if (row[*start] >> bits != 0 || groups_.inodes.size() >= kMostPieces) {
        ++groups_.unread;
        continue;
      }
      XfsInodes chunk;
      chunk.group = group;
      chunk.first = layout_.inode_number(group, row[*start]);
      for (unsigned i = 0; i < 64; ++i) {
        const bool there = !holes || (row[*holes] >> (i / 4) & 1) == 0;
        chunk.there |= std::uint64_t{there} << i;
      }
      chunk.used = chunk.there & ~row[*free];
      if (layout_.inode_at(chunk.first)) {
        groups_.inodes.push_back(chunk);
      }
    }
  }

  XfsDb& db_;
  const XfsLayout& layout_;
  OwnerClaims& claims_;
  XfsGroups& groups_;
};

}  // namespace

Status read_xfs_groups(XfsDb& db, const XfsLayout& layout, OwnerClaims& claims,
                       XfsGroups& groups) {
  return GroupReader(db, layout, claims, groups).read();
}

}  // namespace powercut
