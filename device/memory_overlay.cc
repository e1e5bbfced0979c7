// SPDX-License-Identifier: GPL-2.0-only

#include "device/memory_overlay.h"

#include <algorithm>
#include <cstring>

namespace powercut {
namespace {

constexpr std::uint64_t kChunkBytes = 4096;
constexpr std::size_t kSlabChunks = 64;
constexpr std::size_t kSeldomBuckets = 1U << 16;
constexpr std::uint8_t kAllSectors = 0xff;

// The part of one chunk that a range touches.
struct Piece {
  std::uint64_t chunk = 0;
  std::uint64_t begin = 0;  // bytes from the start of the chunk
  std::uint64_t length = 0;
};

Piece piece_at(std::uint64_t offset, std::uint64_t end) {
  const std::uint64_t begin = offset % kChunkBytes;
  return {offset / kChunkBytes, begin, std::min(kChunkBytes - begin, end - offset)};
}

// The bits of the sectors that a piece touches, if only in part.
std::uint8_t sector_mask(const Piece& piece) {
  const std::uint64_t first = piece.begin / kSectorBytes;
  const std::uint64_t last = (piece.begin + piece.length - 1) / kSectorBytes;
  const unsigned up_to_last = (2U << last) - 1;
  return static_cast<std::uint8_t>(up_to_last & ~((1U << first) - 1));
}

// Copies the valid sectors of a chunk over the bytes of `out`, which is the piece.
void lay_over(std::uint8_t valid, const std::byte* data, const Piece& piece,
              std::byte* out) {
  std::uint64_t at = piece.begin;
  const std::uint64_t end = piece.begin + piece.length;
  while (at < end) {
    const std::uint64_t sector = at / kSectorBytes;
    const std::uint64_t next = std::min(end, (sector + 1) * kSectorBytes);
    if ((valid >> sector & 1) != 0) {
      std::byte* to = out + (at - piece.begin);
      if (data != nullptr) {
        std::memcpy(to, data + at, next - at);
      } else {
        std::memset(to, 0, next - at);
      }
    }
    at = next;
  }
}

}  // namespace

int MemoryOverlay::read(std::uint64_t offset_bytes, std::span<std::byte> out,
                        const BlockSource* base) const {
  if (!covers(offset_bytes, out.size())) {
    if (base != nullptr) {
      base->read(offset_bytes, out);
    } else {
      std::ranges::fill(out, std::byte{0});
    }
  }
  if (chunks_.empty()) {
    return 0;
  }
  const std::uint64_t end = offset_bytes + out.size();
  for (std::uint64_t at = offset_bytes; at < end;) {
    const Piece piece = piece_at(at, end);
    const std::unordered_map<std::uint64_t, Chunk>::const_iterator found =
        chunks_.find(piece.chunk);
    if (found != chunks_.end()) {
      lay_over(found->second.valid, found->second.data, piece,
               out.data() + (at - offset_bytes));
    }
    at += piece.length;
  }
  return 0;
}

int MemoryOverlay::write(std::uint64_t offset_bytes, std::span<const std::byte> data) {
  const std::uint64_t end = offset_bytes + data.size();
  for (std::uint64_t at = offset_bytes; at < end;) {
    const Piece piece = piece_at(at, end);
    Chunk& chunk = chunks_[piece.chunk];
    if (chunk.data == nullptr) {
      chunk.data = allocate();
      if (chunk.valid != 0) {
        std::memset(chunk.data, 0, kChunkBytes);
      }
    }
    std::memcpy(chunk.data + piece.begin, data.data() + (at - offset_bytes),
                piece.length);
    chunk.valid = static_cast<std::uint8_t>(chunk.valid | sector_mask(piece));
    at += piece.length;
  }
  return 0;
}

int MemoryOverlay::zero(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  const std::uint64_t end = offset_bytes + length_bytes;
  for (std::uint64_t at = offset_bytes; at < end;) {
    const Piece piece = piece_at(at, end);
    Chunk& chunk = chunks_[piece.chunk];
    const std::uint8_t mask = sector_mask(piece);
    if (chunk.data != nullptr && mask == kAllSectors) {
      free_.push_back(chunk.data);
      chunk.data = nullptr;
    } else if (chunk.data != nullptr) {
      std::memset(chunk.data + piece.begin, 0, piece.length);
    }
    chunk.valid = static_cast<std::uint8_t>(chunk.valid | mask);
    at += piece.length;
  }
  return 0;
}

bool MemoryOverlay::covers(std::uint64_t offset_bytes, std::uint64_t length_bytes) const {
  if (chunks_.empty()) {
    return length_bytes == 0;
  }
  const std::uint64_t end = offset_bytes + length_bytes;
  for (std::uint64_t at = offset_bytes; at < end;) {
    const Piece piece = piece_at(at, end);
    const std::uint8_t mask = sector_mask(piece);
    const std::unordered_map<std::uint64_t, Chunk>::const_iterator found =
        chunks_.find(piece.chunk);
    if (found == chunks_.end() || (found->second.valid & mask) != mask) {
      return false;
    }
    at += piece.length;
  }
  return true;
}

int MemoryOverlay::reset() {
  for (const std::pair<const std::uint64_t, Chunk>& entry : chunks_) {
    if (entry.second.data != nullptr) {
      free_.push_back(entry.second.data);
    }
  }
  if (chunks_.bucket_count() > kSeldomBuckets) {
    chunks_ = {};  // clear() takes time in the buckets of the largest state so far
  } else {
    chunks_.clear();
  }
  return 0;
}

std::uint64_t MemoryOverlay::pool_bytes() const {
  return slabs_.size() * kSlabChunks * kChunkBytes;
}

std::byte* MemoryOverlay::allocate() {
  if (free_.empty()) {
    slabs_.push_back(
        std::make_unique_for_overwrite<std::byte[]>(kSlabChunks * kChunkBytes));
    for (std::size_t i = kSlabChunks; i > 0; --i) {
      free_.push_back(slabs_.back().get() + (i - 1) * kChunkBytes);
    }
  }
  std::byte* data = free_.back();
  free_.pop_back();
  return data;
}

}  // namespace powercut
