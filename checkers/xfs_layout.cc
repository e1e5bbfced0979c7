// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/xfs_layout.h"

#include <algorithm>
#include <bit>

namespace powercut {

namespace {

bool power_between(std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  return std::has_single_bit(value) && value >= least && value <= most;
}

bool makes_sense(const XfsLayout& layout) {
  constexpr std::uint64_t kMostGroups = 50'000;  // of a smallest group that is 800 GiB
  constexpr std::uint64_t kMostBlocks = std::uint64_t{1} << 46;
  return power_between(layout.block_bytes, 512, 65536) &&
         power_between(layout.sector_bytes, 512, 32768) &&
         power_between(layout.inode_bytes, 256, 2048) && layout.groups >= 1 &&
         layout.groups <= kMostGroups && layout.group_blocks >= 1 &&
         layout.group_block_bits < 32 && layout.block_inode_bits <= 8 &&
         layout.group_blocks <= std::uint64_t{1} << layout.group_block_bits &&
         layout.inode_bytes << layout.block_inode_bits == layout.block_bytes &&
         layout.blocks <= kMostBlocks &&
         layout.blocks <= layout.groups * layout.group_blocks &&
         layout.blocks > (layout.groups - 1) * layout.group_blocks &&
         power_between(layout.directory_blocks, 1, 128);
}

}  // namespace

std::optional<XfsLayout> XfsLayout::of(const XfsPrint& superblock) {
  constexpr std::uint64_t kMagic = 0x58465342;
  const auto field = [&](const char* name) { return superblock.number_or(name, 0); };
  if (field("magicnum") != kMagic) {
    return std::nullopt;
  }
  XfsLayout layout;
  layout.block_bytes = field("blocksize");
  layout.sector_bytes = field("sectsize");
  layout.inode_bytes = field("inodesize");
  layout.blocks = field("dblocks");
  layout.group_blocks = field("agblocks");
  layout.groups = field("agcount");
  layout.group_block_bits = field("agblklog");
  layout.block_inode_bits = field("inopblog");
  layout.directory_blocks = std::uint64_t{1}
                            << std::min<std::uint64_t>(field("dirblklog"), 8);
  layout.log_start = field("logstart");
  layout.log_blocks = field("logblocks");
  layout.root = field("rootino");
  return makes_sense(layout) ? std::optional(layout) : std::nullopt;
}

std::optional<std::uint64_t> XfsLayout::block_at(std::uint64_t group,
                                                 std::uint64_t block) const {
  if (group >= groups || block >= group_blocks ||
      group * group_blocks + block >= blocks) {
    return std::nullopt;
  }
  return (group * group_blocks + block) * block_bytes;
}

std::optional<std::uint64_t> XfsLayout::block_at(std::uint64_t number) const {
  const std::uint64_t in_group = (std::uint64_t{1} << group_block_bits) - 1;
  return block_at(number >> group_block_bits, number & in_group);
}

std::optional<ByteRange> XfsLayout::blocks_at(std::uint64_t number,
                                              std::uint64_t count) const {
  if (count == 0 || count > group_blocks || !block_at(number)) {
    return std::nullopt;
  }
  const std::uint64_t begin = *block_at(number);
  const std::optional<std::uint64_t> last = block_at(number + count - 1);
  if (!last || *last != begin + (count - 1) * block_bytes) {
    return std::nullopt;
  }
  return ByteRange{begin, *last + block_bytes};
}

std::optional<std::uint64_t> XfsLayout::inode_at(std::uint64_t number) const {
  const std::uint64_t in_block = (std::uint64_t{1} << block_inode_bits) - 1;
  const std::optional<std::uint64_t> block = block_at(number >> block_inode_bits);
  if (!block) {
    return std::nullopt;
  }
  return *block + (number & in_block) * inode_bytes;
}

}  // namespace powercut
