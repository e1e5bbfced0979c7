// SPDX-License-Identifier: GPL-2.0-only
//
// Stamped data: file content that says to which file and place it belongs, so that
// content which turns up elsewhere is known for what it is: another file's, a deleted
// file's, or this file's from another offset.
//
// A stamp fills a sector of 512 bytes. Little-endian: magic "pcstamp1", inode (8),
// generation of the inode (4), 4 bytes zero, offset in the file (8), sequence number of
// the write (8), 468 bytes of filling that follow from those fields, CRC32C of all before
// (4). Sectors are the unit because a disk tears nothing smaller.
//
// It cannot tell an older write of the same file at the same offset from a newer one:
// both may be there after a crash. Ranges that a file system moves within or between
// files (collapse, insert, clone, dedupe) are rightly not where their stamps say.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace powercut {

inline constexpr std::size_t kStampBytes = 512;

struct Stamp {
  std::uint64_t inode = 0;
  std::uint32_t generation = 0;
  std::uint64_t offset_bytes = 0;  // in the file, a multiple of 512
  std::uint64_t sequence = 0;      // of the write, counted by the writer
};

// out.size() is kStampBytes.
void write_stamp(const Stamp& stamp, std::span<std::byte> out);

enum class StampKind { kNone, kWhole, kBroken };

// kNone: the sector does not begin with the magic. kBroken: it does, but the rest is not
// of one stamp.
StampKind read_stamp(std::span<const std::byte> sector, Stamp& stamp);

// What the stamps of a piece of a file say against it, one line about the first; empty if
// nothing. `data` begins at `offset_bytes` of the file, a multiple of 512; a rest below a
// sector is not looked at.
std::string stamp_problem(std::span<const std::byte> data, std::uint64_t inode,
                          std::uint32_t generation, std::uint64_t offset_bytes);

}  // namespace powercut
