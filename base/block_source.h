// SPDX-License-Identifier: GPL-2.0-only
//
// Something that has a byte for every offset of a device: a view of a crash state, an
// image file, zeros. The one interface between the pure engine (replay/), which makes
// views, and the disks (device/), which serve them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace powercut {

// Implementations are immutable and may be read by several threads at once.
class BlockSource {
 public:
  virtual ~BlockSource() = default;

  virtual std::uint64_t size_bytes() const = 0;

  // Fills `out` from `offset_bytes` on; offset + out.size() must not pass size_bytes().
  virtual void read(std::uint64_t offset_bytes, std::span<std::byte> out) const = 0;
};

}  // namespace powercut
