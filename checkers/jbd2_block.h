// SPDX-License-Identifier: GPL-2.0-only
//
// What a block of an ext3 or ext4 journal is: JBD2's own blocks say so themselves, and a
// logged copy is named by the descriptor before it. For naming writes in reports; it
// judges nothing. Format: include/linux/jbd2.h of the kernel.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace powercut {

// What the journal's superblock says of the form of descriptors.
struct Jbd2Form {
  std::uint32_t block_bytes = 0;
  bool wide_blocks = false;  // 64-bit block numbers
  bool checksum_v2 = false;
  bool checksum_v3 = false;
};

// Nothing if this is no journal superblock.
std::optional<Jbd2Form> read_jbd2_form(std::span<const std::byte> superblock);

struct Jbd2Block {
  enum class Kind : std::uint8_t { kDescriptor, kCommit, kSuperblock, kRevoke };
  Kind kind = Kind::kDescriptor;
  std::uint32_t transaction = 0;
  // kDescriptor: where the blocks that follow it in the journal belong, as block numbers
  // of the file system; kRevoke: the blocks that must not be replayed.
  std::vector<std::uint64_t> blocks;

  // "commit of transaction 7".
  std::string text() const;
};

// Nothing if the block is none of JBD2's own. Tags that do not hold together end the
// list.
std::optional<Jbd2Block> read_jbd2_block(std::span<const std::byte> block,
                                         const Jbd2Form& form);

}  // namespace powercut
