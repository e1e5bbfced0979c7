// SPDX-License-Identifier: GPL-2.0-only
//
// What dump.f2fs tells of an f2fs: its areas, which block has which node, and which
// blocks of the main area are in use; with what its checkpoint's journals say.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace powercut {

// In blocks.
struct F2fsLayout {
  std::uint64_t blocks = 0;
  std::uint64_t segment_blocks = 0;
  std::uint64_t checkpoints = 0;  // both packs
  std::uint64_t segment_table = 0;
  std::uint64_t node_table = 0;
  std::uint64_t summaries = 0;
  std::uint64_t main = 0;
  std::uint64_t main_end = 0;
  std::uint64_t root = 0;  // an inode
  bool flexible_inline_attributes = false;
};

// Where a node is: a block of an inode, or of addresses for it.
struct F2fsNodePlace {
  std::uint32_t node = 0;
  std::uint32_t inode = 0;
  std::uint64_t block = 0;
};

struct F2fsRun {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Of `dump.f2fs -d 1`; nothing if it makes no sense.
std::optional<F2fsLayout> parse_f2fs_layout(std::string_view output);

// Of the files dump_nat and dump_sit that it writes.
std::vector<F2fsNodePlace> parse_f2fs_nodes(std::string_view text);
std::vector<F2fsRun> parse_f2fs_used(std::string_view text, const F2fsLayout& layout);

}  // namespace powercut
