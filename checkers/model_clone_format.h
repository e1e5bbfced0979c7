// SPDX-License-Identifier: GPL-2.0-only
//
// How the model of a clone lies on its two devices (docs/models.md): what
// scenarios/models/clone.cc writes and checkers/model_clone.cc reads.
//
//   meta   block 0  superblock, one sector: which copy of the bitmap counts
//          block 1  bitmap of valid regions, copy 0
//          block 2  bitmap, copy 1
//   dest   the regions, one after the other
//
// A commit writes the copy that does not count, flushes meta, and writes the superblock
// with FUA: so metadata by itself survives every power cut. Numbers are little-endian.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace powercut {

inline constexpr std::uint16_t kCloneMeta = 0;  // devices of the log
inline constexpr std::uint16_t kCloneDest = 1;
inline constexpr std::uint64_t kCloneBlockBytes = 4096;
inline constexpr std::uint64_t kCloneRegionBlocks = 2;
inline constexpr std::uint64_t kCloneRegions = 12;
inline constexpr std::uint64_t kCloneBlocks = kCloneRegions * kCloneRegionBlocks;
inline constexpr std::uint64_t kCloneRegionBytes = kCloneBlockBytes * kCloneRegionBlocks;
inline constexpr std::uint64_t kCloneMetaBytes = 3 * kCloneBlockBytes;
inline constexpr std::uint64_t kCloneDestBytes = kCloneRegions * kCloneRegionBytes;

// Only these are ever discarded, so that zeros in others are known to be wrong.
constexpr bool clone_may_discard(std::uint64_t region) {
  return region % 4 == 3;
}

constexpr std::uint64_t clone_bitmap_offset(std::uint32_t copy) {
  return (1 + std::uint64_t{copy}) * kCloneBlockBytes;
}

// By region: the destination has it; else it is read from the source.
using CloneBitmap = std::vector<bool>;

struct CloneSuper {
  std::uint64_t transaction = 0;
  std::uint32_t copy = 0;  // of the bitmap
  std::uint32_t bitmap_sum = 0;
};

// A whole block each.
std::vector<std::byte> encode_clone_bitmap(const CloneBitmap& valid);
std::vector<std::byte> encode_clone_super(const CloneSuper& super);

// As marks and claims name them: "block 7", "block 7: write 5".
std::string clone_block_label(std::uint64_t block);
std::string clone_write_name(std::uint64_t block, std::uint64_t number);

// The checksum that the superblock has of a bitmap's block.
std::uint32_t clone_bitmap_sum(std::span<const std::byte> block);

// Nothing if it is no superblock of a clone, or its checksum is wrong.
std::optional<CloneSuper> decode_clone_super(std::span<const std::byte> block);
CloneBitmap decode_clone_bitmap(std::span<const std::byte> block);

}  // namespace powercut
