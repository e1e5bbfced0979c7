// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/f2fs_dump.h"

#include "checkers/text_cursor.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>

namespace powercut {

namespace {

constexpr std::size_t kMostPieces = 4 << 20;

void skip_blanks(TextCursor& cursor) {
  while (cursor.take(" ") || cursor.take("\t")) {
  }
}

// "nid:    3": behind the label.
std::optional<std::uint64_t> labelled(TextCursor& line, std::string_view label) {
  skip_blanks(line);
  if (!line.take(label)) {
    return std::nullopt;
  }
  skip_blanks(line);
  return line.number();
}

bool makes_sense(const F2fsLayout& layout) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 32;
  return layout.checkpoints >= 2 && layout.checkpoints < layout.segment_table &&
         layout.segment_table < layout.node_table &&
         layout.node_table < layout.summaries && layout.summaries < layout.main &&
         layout.main < layout.main_end && layout.main_end <= layout.blocks &&
         layout.blocks <= kMost && layout.root != 0;
}

}  // namespace

// "cp_blkaddr                    \t\t[0x     200 : 512]".
std::optional<F2fsLayout> parse_f2fs_layout(std::string_view output) {
  constexpr std::uint64_t kMagic = 0xf2f52010;
  std::map<std::string, std::uint64_t, std::less<>> fields;
  TextCursor text(output);
  while (!text.at_end()) {
    TextCursor line(text.line());
    const std::string name(line.until(' '));
    if (line.skip_past("[0x") && line.skip_past(" : ")) {
      if (const std::optional<std::uint64_t> value = line.number()) {
        fields.try_emplace(name, *value);
      }
    }
  }
  F2fsLayout layout;
  layout.flexible_inline_attributes =
      output.find(" flexible_inline_xattr") != std::string_view::npos;
  if (fields["magic"] != kMagic || fields["log_blocksize"] != 12 ||
      fields["log_blocks_per_seg"] != 9 || fields["segment_count_main"] > 1 << 24) {
    return std::nullopt;
  }
  layout.segment_blocks = 512;
  layout.blocks = fields["block_count"];
  layout.checkpoints = fields["cp_blkaddr"];
  layout.segment_table = fields["sit_blkaddr"];
  layout.node_table = fields["nat_blkaddr"];
  layout.summaries = fields["ssa_blkaddr"];
  layout.main = fields["main_blkaddr"];
  layout.main_end = layout.main + fields["segment_count_main"] * layout.segment_blocks;
  layout.root = fields["root_ino"];
  return makes_sense(layout) ? std::optional(layout) : std::nullopt;
}

// "nid:    8\tino:    5\toffset:    1\tblkaddr:      8192\tpack:1".
std::vector<F2fsNodePlace> parse_f2fs_nodes(std::string_view text) {
  constexpr std::uint64_t kMost = 0xffffffff;
  std::vector<F2fsNodePlace> nodes;
  TextCursor cursor(text);
  while (!cursor.at_end() && nodes.size() < kMostPieces) {
    TextCursor line(cursor.line());
    const std::optional<std::uint64_t> node = labelled(line, "nid:");
    const std::optional<std::uint64_t> inode = labelled(line, "ino:");
    line.skip_past("blkaddr:");
    skip_blanks(line);
    const std::optional<std::uint64_t> block = line.number();
    if (node && inode && block && *node <= kMost && *inode <= kMost && *block <= kMost) {
      nodes.push_back({static_cast<std::uint32_t>(*node),
                       static_cast<std::uint32_t>(*inode), *block});
    }
  }
  return nodes;
}

// "segno:       0\tvblocks:  1\t..." and the bits of its blocks, the first the highest:
// "  80  00  00 ...".
std::vector<F2fsRun> parse_f2fs_used(std::string_view text, const F2fsLayout& layout) {
  std::vector<F2fsRun> runs;
  TextCursor cursor(text);
  std::uint64_t block = layout.main_end;
  std::uint64_t end = layout.main_end;  // of the segment
  while (!cursor.at_end() && runs.size() < kMostPieces) {
    TextCursor line(cursor.line());
    if (const auto segment = labelled(line, "segno:")) {
      const std::uint64_t most = (layout.main_end - layout.main) / layout.segment_blocks;
      block = layout.main + std::min(*segment, most) * layout.segment_blocks;
      end = std::min(block + layout.segment_blocks, layout.main_end);
      continue;
    }
    for (skip_blanks(line); !line.at_end() && block < end; skip_blanks(line)) {
      const std::optional<std::uint64_t> bits = line.number(16);
      if (!bits || *bits > 0xff) {
        break;
      }
      for (int bit = 7; bit >= 0 && block < end; --bit, ++block) {
        if ((*bits >> bit & 1) == 0) {
          continue;
        }
        if (!runs.empty() && runs.back().end == block) {
          ++runs.back().end;
        } else {
          runs.push_back({block, block + 1});
        }
      }
    }
  }
  return runs;
}

}  // namespace powercut
