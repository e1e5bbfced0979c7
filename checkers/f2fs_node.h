// SPDX-License-Identifier: GPL-2.0-only
//
// Blocks of an f2fs by its on-disk format: nodes, which hold inodes and addresses, and
// directories. Any bytes can be read; what makes no sense is left out.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace powercut {

namespace f2fs {

inline constexpr std::size_t kBlockBytes = 4096;
inline constexpr std::uint32_t kNodeAddresses = 1018;
inline constexpr std::uint32_t kAttributeNode = 0x1fffffff;

}  // namespace f2fs

struct F2fsEntry {
  std::uint32_t inode = 0;
  std::string name;
};

// What the first node of a file says of it.
struct F2fsInode {
  std::uint16_t mode = 0;
  bool compressed = false;
  std::uint32_t address_count = 0;       // in the inode; the next node goes on from there
  std::vector<std::uint32_t> addresses;  // of blocks; 0 and beyond the disk: none
  std::vector<F2fsEntry> entries;        // of a directory that is in its inode
};

struct F2fsNode {
  std::uint32_t number = 0;
  std::uint32_t inode = 0;
  std::uint32_t offset = 0;  // in the tree of nodes of its file
};

// Of a block of f2fs::kBlockBytes, as all here.
F2fsNode read_f2fs_node(std::span<const std::byte> block);
F2fsInode read_f2fs_inode(std::span<const std::byte> block,
                          bool flexible_inline_attributes);
std::vector<std::uint32_t> read_f2fs_addresses(std::span<const std::byte> block);
std::vector<F2fsEntry> read_f2fs_directory(std::span<const std::byte> block);

// Which block of its file the first address of a node is; nothing for nodes whose
// addresses are of other nodes.
std::optional<std::uint64_t> f2fs_first_block(std::uint32_t node_offset,
                                              std::uint32_t inode_addresses);

}  // namespace powercut
