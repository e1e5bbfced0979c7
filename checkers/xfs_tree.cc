// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/xfs_tree.h"

#include <fmt/format.h>

#include <unordered_set>
#include <utility>

namespace powercut {

namespace {

constexpr std::uint64_t kMostLevels = 16;

void add_children(const XfsTreeBlock& parent, const XfsLayout& layout,
                  const XfsTable& pointers, std::vector<XfsTreeBlock>& children) {
  for (const std::vector<std::uint64_t>& row : pointers.rows) {
    XfsTreeBlock child = parent;
    --child.level;
    child.number = row[0];
    if (parent.of_group) {
      const std::uint64_t group = parent.number >> layout.group_block_bits;
      if (row[0] >= layout.group_blocks) {
        continue;
      }
      child.number = layout.number_of(group, row[0]);
    }
    children.push_back(std::move(child));
  }
}

}  // namespace

XfsQuestion xfs_block_question(const XfsLayout& layout, std::uint64_t number,
                               const std::string& type) {
  return {{fmt::format("fsblock {}", number), "type " + type},
          layout.block_at(number).value_or(0)};
}

Status walk_xfs_trees(XfsDb& db, const XfsLayout& layout, std::vector<XfsTreeBlock> roots,
                      const XfsTreeVisitor& visitor, std::size_t& unread) {
  std::unordered_set<std::uint64_t> seen;
  std::vector<XfsTreeBlock> level = std::move(roots);
  while (!level.empty()) {
    std::vector<XfsTreeBlock> asked;
    std::vector<XfsQuestion> questions;
    for (XfsTreeBlock& block : level) {
      if (!layout.block_at(block.number) || block.level >= kMostLevels) {
        ++unread;
      } else if (seen.insert(block.number).second) {
        questions.push_back(xfs_block_question(layout, block.number, block.type));
        asked.push_back(std::move(block));
      }
    }
    PC_ASSIGN_OR_RETURN(const auto answers, db.ask(questions));
    level.clear();
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const XfsTreeBlock& block = asked[i];
      const std::optional<XfsPrint>& answer = answers[i];
      if (!answer || answer->number("level") != block.level) {
        ++unread;
        continue;
      }
      visitor.block(block, *layout.blocks_at(block.number, 1));
      const XfsTable* const records = answer->table("recs");
      const XfsTable* const pointers = answer->table("ptrs");
      if (block.level == 0 && records != nullptr) {
        visitor.leaf(block, *records);
      } else if (block.level > 0 && pointers != nullptr) {
        add_children(block, layout, *pointers, level);
      }
    }
  }
  return {};
}

}  // namespace powercut
