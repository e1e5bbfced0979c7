// SPDX-License-Identifier: GPL-2.0-only
//
// Extents of a device that nothing may write to (blocks that files share, a frozen
// image), and the entries of a log that did. Pure: it knows no file system and no mark;
// where extents lie is told by whoever mapped them (`powercut extents`).
//
// A write, write-zeroes or discard counts as it does in changed_blocks.h: with the
// interval in which it was submitted, whole, and whatever it wrote or became of it.

#pragma once

#include "base/result.h"
#include "replay/changed_blocks.h"
#include "replay/range_set.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct KeptExtent {
  ByteRange range;                                 // of the device; not empty
  std::string name;                                // what it belongs to, or empty
  std::optional<std::uint64_t> file_offset_bytes;  // of its first byte, in what is named
};

// Lines "OFFSET LENGTH [NAME [FILE_OFFSET]]", in bytes or with K, M, G, T; "#" begins a
// comment. Strict, as change_list.h is: an Error of kind kBadInput names file and line.
// Extents may overlap: a block that files share is listed for each of them.
Result<std::vector<KeptExtent>> parse_extents(std::string_view text,
                                              const std::string& file,
                                              std::uint64_t device_bytes);

// The part of an extent that an entry touched.
struct OverwrittenPart {
  std::size_t extent = 0;  // index
  ByteRange range;         // of the device
};

struct Overwrite {
  ChangingEntry entry;
  std::optional<std::uint64_t> time_ns;  // since the log's first event; none: format 1
  std::vector<OverwrittenPart> parts;    // by extent; at least one
};

struct OverwriteAudit {
  std::vector<Overwrite> overwrites;  // in order of submission
  RangeSet kept;                      // what all extents cover
  RangeSet overwritten;               // what of that was touched
};

OverwriteAudit find_overwrites(const Timeline& timeline, const ChangedBlocks& changed,
                               std::span<const KeptExtent> extents);

}  // namespace powercut
