// SPDX-License-Identifier: GPL-2.0-only
//
// Where the writes to a served disk go. All ranges are of whole 512-byte sectors,
// except those of read(), and lie within the disk; its ServedDisk sees to that.

#pragma once

#include "base/block_source.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace powercut {

inline constexpr std::uint32_t kSectorBytes = 512;

// Readers may run together; a writer runs alone. Calls return 0 or a positive errno.
class Overlay {
 public:
  virtual ~Overlay() = default;

  // Fills `out` with what the disk holds: what was written, else the bytes of `base`
  // (null: zeros).
  [[nodiscard]] virtual int read(std::uint64_t offset_bytes, std::span<std::byte> out,
                                 const BlockSource* base) const = 0;
  [[nodiscard]] virtual int write(std::uint64_t offset_bytes,
                                  std::span<const std::byte> data) = 0;
  // The range reads as zeros afterwards, and takes as little room as possible.
  [[nodiscard]] virtual int zero(std::uint64_t offset_bytes,
                                 std::uint64_t length_bytes) = 0;

  // True if no read of the range would look at the base.
  virtual bool covers(std::uint64_t offset_bytes, std::uint64_t length_bytes) const = 0;

  // Forgets all that was written.
  [[nodiscard]] virtual int reset() = 0;
};

}  // namespace powercut
