// SPDX-License-Identifier: GPL-2.0-only
//
// One entry of a format-1 log, decoded and checked.

#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace powercut {

struct Format1Entry {
  std::uint64_t flags = 0;         // PC_LOG1_*
  std::uint64_t offset_bytes = 0;  // on the device
  std::uint64_t length_bytes = 0;  // on the device
  std::uint64_t data_pos = 0;      // of the data in the file
  std::uint64_t next_pos = 0;      // of the entry after this one
  std::string_view mark;           // lives as long as `file`

  bool is_mark() const;
  bool is_flush() const;
  bool is_discard() const;

  // QEMU writes an entry for a write of no bytes; nothing happened.
  bool is_empty() const { return !is_mark() && !is_flush() && length_bytes == 0; }
};

// The entry whose header begins at `position`, or why there is none. Everything in the
// entry lies within `file`, and its range on the device fits in 63 bits.
tl::expected<Format1Entry, std::string> decode_entry(std::span<const std::byte> file,
                                                     std::uint64_t position,
                                                     std::uint32_t sector_bytes);

// True if the entry, which decode_entry() accepted, also has what only a header that was
// written as one has: a zero padding, and not zeros alone. For reading past the
// superblock's count, where leftovers of the device may lie.
bool looks_written(std::span<const std::byte> file, std::uint64_t position,
                   std::uint32_t sector_bytes);

}  // namespace powercut
