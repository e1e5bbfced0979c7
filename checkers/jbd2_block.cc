// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/jbd2_block.h"

#include <fmt/format.h>

namespace powercut {

namespace {

constexpr std::uint32_t kMagic = 0xC03B3998;
constexpr std::uint32_t kDescriptorBlock = 1;
constexpr std::uint32_t kCommitBlock = 2;
constexpr std::uint32_t kSuperblockV1 = 3;
constexpr std::uint32_t kSuperblockV2 = 4;
constexpr std::uint32_t kRevokeBlock = 5;
constexpr std::size_t kHeaderBytes = 12;

constexpr std::size_t kBlockSizeAt = 12;
constexpr std::size_t kIncompatAt = 0x28;
constexpr std::uint32_t kIncompat64Bit = 0x2;
constexpr std::uint32_t kIncompatChecksumV2 = 0x8;
constexpr std::uint32_t kIncompatChecksumV3 = 0x10;

constexpr std::uint32_t kSameUuid = 2;
constexpr std::uint32_t kLastTag = 8;
constexpr std::size_t kUuidBytes = 16;
constexpr std::size_t kTailBytes = 4;  // checksum at the end of a block

std::uint32_t be32(std::span<const std::byte> bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  }
  return value;
}

std::uint32_t be16(std::span<const std::byte> bytes, std::size_t at) {
  return std::to_integer<std::uint32_t>(bytes[at]) << 8 |
         std::to_integer<std::uint32_t>(bytes[at + 1]);
}

std::uint64_t wide(std::uint32_t high, std::uint32_t low) {
  return std::uint64_t{high} << 32 | low;
}

void read_tags(std::span<const std::byte> block, const Jbd2Form& form, Jbd2Block& out) {
  const bool checked = form.checksum_v2 || form.checksum_v3;
  const std::size_t end = block.size() - (checked ? kTailBytes : 0);
  // v3: number, flags, high half, checksum; before: number, checksum and flags of 16
  // bits, high half if wide, and with v2 two more bytes.
  const std::size_t tag_bytes =
      form.checksum_v3 ? 16
                       : 8U + (form.wide_blocks ? 4 : 0) + (form.checksum_v2 ? 2 : 0);
  for (std::size_t at = kHeaderBytes; at + tag_bytes <= end;) {
    const std::uint32_t low = be32(block, at);
    const std::uint32_t flags =
        form.checksum_v3 ? be32(block, at + 4) : be16(block, at + 6);
    const std::uint32_t high = form.wide_blocks ? be32(block, at + 8) : 0;
    out.blocks.push_back(wide(high, low));
    at += tag_bytes + ((flags & kSameUuid) != 0 ? 0 : kUuidBytes);
    if ((flags & kLastTag) != 0) {
      break;
    }
  }
}

void read_revoked(std::span<const std::byte> block, const Jbd2Form& form,
                  Jbd2Block& out) {
  const std::size_t entry = form.wide_blocks ? 8 : 4;
  const std::size_t end = std::min<std::size_t>(be32(block, kHeaderBytes), block.size());
  for (std::size_t at = kHeaderBytes + 4; at + entry <= end; at += entry) {
    out.blocks.push_back(form.wide_blocks ? wide(be32(block, at), be32(block, at + 4))
                                          : be32(block, at));
  }
}

}  // namespace

std::optional<Jbd2Form> read_jbd2_form(std::span<const std::byte> superblock) {
  if (superblock.size() < kIncompatAt + 4 || be32(superblock, 0) != kMagic ||
      (be32(superblock, 4) != kSuperblockV1 && be32(superblock, 4) != kSuperblockV2)) {
    return std::nullopt;
  }
  Jbd2Form form;
  form.block_bytes = be32(superblock, kBlockSizeAt);
  if (be32(superblock, 4) == kSuperblockV2) {
    const std::uint32_t incompat = be32(superblock, kIncompatAt);
    form.wide_blocks = (incompat & kIncompat64Bit) != 0;
    form.checksum_v2 = (incompat & kIncompatChecksumV2) != 0;
    form.checksum_v3 = (incompat & kIncompatChecksumV3) != 0;
  }
  return form;
}

std::string Jbd2Block::text() const {
  switch (kind) {
    case Kind::kDescriptor:
      return fmt::format("descriptor of transaction {} ({} block{})", transaction,
                         blocks.size(), blocks.size() == 1 ? "" : "s");
    case Kind::kCommit:
      return fmt::format("commit of transaction {}", transaction);
    case Kind::kSuperblock:
      return "its superblock";
    case Kind::kRevoke:
      return fmt::format("revoke of transaction {} ({} block{})", transaction,
                         blocks.size(), blocks.size() == 1 ? "" : "s");
  }
  return "not known";
}

std::optional<Jbd2Block> read_jbd2_block(std::span<const std::byte> block,
                                         const Jbd2Form& form) {
  if (block.size() < kHeaderBytes + 4 || be32(block, 0) != kMagic) {
    return std::nullopt;
  }
  Jbd2Block out;
  out.transaction = be32(block, 8);
  switch (be32(block, 4)) {
    case kDescriptorBlock:
      out.kind = Jbd2Block::Kind::kDescriptor;
      read_tags(block, form, out);
      return out;
    case kCommitBlock:
      out.kind = Jbd2Block::Kind::kCommit;
      return out;
    case kSuperblockV1:
    case kSuperblockV2:
      out.kind = Jbd2Block::Kind::kSuperblock;
      return out;
    case kRevokeBlock:
      out.kind = Jbd2Block::Kind::kRevoke;
      read_revoked(block, form, out);
      return out;
    default:
      return std::nullopt;
  }
}

}  // namespace powercut
