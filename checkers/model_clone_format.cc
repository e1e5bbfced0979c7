// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/model_clone_format.h"

#include "base/crc32c.h"

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace powercut {

namespace {

constexpr std::string_view kMagic = "pcclone1";

struct SuperOnDisk {
  char magic[8];
  std::uint64_t transaction;
  std::uint32_t copy;
  std::uint32_t bitmap_sum;
  std::uint32_t reserved;
  std::uint32_t sum;  // of all before
};

static_assert(sizeof(SuperOnDisk) == 32);
static_assert(std::endian::native == std::endian::little);

std::uint32_t sum_of(const SuperOnDisk& super) {
  return crc32c(std::as_bytes(std::span(&super, 1)).first(offsetof(SuperOnDisk, sum)));
}

}  // namespace

std::vector<std::byte> encode_clone_bitmap(const CloneBitmap& valid) {
  std::vector<std::byte> block(kCloneBlockBytes);
  for (std::size_t region = 0; region < valid.size(); ++region) {
    if (valid[region]) {
      block[region / 8] |= std::byte{1} << (region % 8);
    }
  }
  return block;
}

CloneBitmap decode_clone_bitmap(std::span<const std::byte> block) {
  CloneBitmap valid(kCloneRegions);
  for (std::size_t region = 0; region < valid.size(); ++region) {
    valid[region] = (block[region / 8] >> (region % 8) & std::byte{1}) != std::byte{0};
  }
  return valid;
}

std::uint32_t clone_bitmap_sum(std::span<const std::byte> block) {
  return crc32c(block);
}

std::string clone_block_label(std::uint64_t block) {
  return fmt::format("block {}", block);
}

std::string clone_write_name(std::uint64_t block, std::uint64_t number) {
  return fmt::format("{}: write {}", clone_block_label(block), number);
}

std::vector<std::byte> encode_clone_super(const CloneSuper& super) {
  SuperOnDisk disk{};
  std::memcpy(disk.magic, kMagic.data(), kMagic.size());
  disk.transaction = super.transaction;
  disk.copy = super.copy;
  disk.bitmap_sum = super.bitmap_sum;
  disk.sum = sum_of(disk);
  std::vector<std::byte> block(kCloneBlockBytes);
  std::memcpy(block.data(), &disk, sizeof disk);
  return block;
}

std::optional<CloneSuper> decode_clone_super(std::span<const std::byte> block) {
  SuperOnDisk disk{};
  std::memcpy(&disk, block.data(), sizeof disk);
  if (std::memcmp(disk.magic, kMagic.data(), kMagic.size()) != 0 ||
      disk.sum != sum_of(disk) || disk.copy > 1) {
    return std::nullopt;
  }
  return CloneSuper{
      .transaction = disk.transaction, .copy = disk.copy, .bitmap_sum = disk.bitmap_sum};
}

}  // namespace powercut
