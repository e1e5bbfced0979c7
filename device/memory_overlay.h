// SPDX-License-Identifier: GPL-2.0-only
//
// An overlay in memory, for crash states: small, forgotten thousands of times.

#pragma once

#include "device/overlay.h"

#include <memory>
#include <unordered_map>
#include <vector>

namespace powercut {

// Keeps chunks of 4 KiB with a validity bit for each sector. Zeroed chunks take no data.
// reset() takes time in the number of chunks touched and keeps their memory for later.
class MemoryOverlay final : public Overlay {
 public:
  MemoryOverlay() = default;

  int read(std::uint64_t offset_bytes, std::span<std::byte> out,
           const BlockSource* base) const override;
  int write(std::uint64_t offset_bytes, std::span<const std::byte> data) override;
  int zero(std::uint64_t offset_bytes, std::uint64_t length_bytes) override;
  bool covers(std::uint64_t offset_bytes, std::uint64_t length_bytes) const override;
  int reset() override;

  // Bytes of chunk memory held, in use or free.
  std::uint64_t pool_bytes() const;

 private:
  struct Chunk {
    std::uint8_t valid = 0;     // bit i: sector i of the chunk was written
    std::byte* data = nullptr;  // null: its valid sectors are zeros
  };

  std::byte* allocate();

  std::unordered_map<std::uint64_t, Chunk> chunks_;  // by offset / 4096
  std::vector<std::unique_ptr<std::byte[]>> slabs_;
  std::vector<std::byte*> free_;
};

}  // namespace powercut
