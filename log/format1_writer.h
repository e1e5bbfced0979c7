// SPDX-License-Identifier: GPL-2.0-only
//
// Writes a format-1 log, byte for byte as dm-log-writes does, entry by entry in the
// order given.

#pragma once

#include "base/fd.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace powercut {

// The fields of an entry that is no mark. Offset and length are multiples of the sector
// size.
struct Format1Item {
  std::uint64_t flags = 0;  // PC_LOG1_*, without PC_LOG1_MARK
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
};

// Streams through a buffer of 1 MiB. Not thread-safe.
class Format1Writer {
 public:
  // Replaces what is in `path`; the superblock counts no entries yet.
  static Result<Format1Writer> create(const std::filesystem::path& path,
                                      std::uint32_t sector_bytes);

  // `data` has length_bytes bytes; a discard has none.
  Status entry(const Format1Item& item, std::span<const std::byte> data);

  // An entry whose data is zeros; a hole where the file can have one.
  Status zero_entry(const Format1Item& item);

  // Fails if the text does not fit in a sector behind the header with a zero after it.
  Status mark(std::string_view text);

  // Writes out what is buffered, and the superblock with the count so far.
  Status update_super();

  // The same, to the medium.
  Status close();

  std::uint64_t entry_count() const { return entry_count_; }

  std::uint32_t sector_bytes() const { return sector_bytes_; }

  // The longest mark for a sector size.
  static std::uint64_t max_mark_bytes(std::uint32_t sector_bytes);

 private:
  Format1Writer(Fd fd, std::filesystem::path path, std::uint32_t sector_bytes,
                bool holes);

  Status header(const Format1Item& item, std::string_view text);
  Status put(std::span<const std::byte> bytes);
  Status flush_buffer();

  Fd fd_;
  std::filesystem::path path_;
  std::uint32_t sector_bytes_;
  bool holes_;  // a regular file: what is not written reads as zeros
  std::vector<std::byte> buffer_;
  std::uint64_t position_;  // in the file, of the buffer's begin
  std::uint64_t entry_count_ = 0;
};

}  // namespace powercut
