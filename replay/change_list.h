// SPDX-License-Identifier: GPL-2.0-only
//
// Lists of changed blocks as trackers print them, read into byte ranges of the device.
// docs/auditing-changes.md says what each format is and where it comes from.
//
// Strict: what is not understood is an Error of kind kBadInput, "FILE:LINE: what is
// wrong", and its hint says what would be right. A list that is half read would hide, or
// invent, what a tracker missed. A block that begins on the device and reaches over its
// end is cut there (the last one of a device that is no multiple of blocks); everything
// else beyond the end is an Error.

#pragma once

#include "base/result.h"
#include "replay/range_set.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace powercut {

enum class ChangeListFormat {
  kRanges,      // "OFFSET LENGTH" a line, in bytes
  kEra,         // what era_invalidate prints
  kThinDelta,   // what thin_delta prints, with --verbose or without
  kQemuBitmap,  // the map of a dirty bitmap that qemu-img prints as JSON, or our own
};

// "ranges", "era", "thin-delta", "qemu-bitmap".
Result<ChangeListFormat> parse_change_list_format(const std::string& name);

struct ChangeListOptions {
  std::string name;  // of the file, for messages
  std::uint64_t device_bytes = 0;
  // Size of a tracker's block. era needs it; where the list says it too, the two must
  // agree; where the list is in bytes, every range must be made of such blocks. 0: not
  // given.
  std::uint64_t granularity_bytes = 0;
};

struct ChangeList {
  RangeSet ranges;
  std::uint64_t granularity_bytes = 0;  // 0: not known
};

// The whole of a file, which may be a pipe; at most 1 GiB.
Result<std::string> read_change_list_file(const std::filesystem::path& path);

// kUsage: an option that is needed is missing, or contradicts the list.
Result<ChangeList> parse_change_list(ChangeListFormat format, std::string_view text,
                                     const ChangeListOptions& options);

}  // namespace powercut
