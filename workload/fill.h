// SPDX-License-Identifier: GPL-2.0-only
//
// What stamped writes write: bytes that follow from who writes (the number of the
// operation) and where in the file, so that any sector found anywhere says which write
// it came from, and what a file must hold can be computed without the disk.
//
// The bytes of operation N at file offset o are those of a stream of 512-byte sectors,
// sector s = o / 512: magic "pcwrite1", operation N (8, little-endian), offset of the
// sector in the file (8), then filling that follows from those, and in the last four
// bytes the CRC32C of the 508 before. A write that does not begin or end at a sector
// writes the piece of the stream that it covers.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace powercut {

inline constexpr std::size_t kFillSectorBytes = 512;

// The bytes of operation `operation` from `offset_bytes` of the file on.
void fill_stamped(std::uint64_t operation, std::uint64_t offset_bytes,
                  std::span<std::byte> out);

struct FillStamp {
  std::uint64_t operation = 0;
  std::uint64_t offset_bytes = 0;
};

// What a whole sector says; nothing if it is not one of a stamped write.
std::optional<FillStamp> read_fill(std::span<const std::byte> sector);

// Never-written blocks of a base image: a pattern that no write writes and that is not
// zero. `offset_bytes` is of the disk, in whole sectors: magic "pcpoison", the offset,
// then 0xdb to the end.
void fill_poison(std::uint64_t disk_offset_bytes, std::span<std::byte> out);

// Whether a whole sector is poison; the offset on the disk.
std::optional<std::uint64_t> read_poison(std::span<const std::byte> sector);

}  // namespace powercut
