// SPDX-License-Identifier: GPL-2.0-only
//
// What the readers of change_list.h and overwrites.h share. Nobody else includes this.

#pragma once

#include "base/result.h"
#include "replay/change_list.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

// The words of a line, up to a comment.
std::vector<std::string> words_of_line(std::string_view line);

// "NAME:LINE: problem", and what would be right.
tl::unexpected<Error> bad_line(const ChangeListOptions& options, std::size_t line,
                               const std::string& problem, std::string right);

// A number without sign, blanks or anything behind it.
std::optional<std::uint64_t> parse_count(std::string_view text);

// Can a tracker have blocks of that size?
bool is_granularity(std::uint64_t bytes);

// Gathers ranges and holds them against the device.
class ListedRanges {
 public:
  // Ranges are counted in `unit_bytes`; 1: bytes, of which blocks of the granularity
  // must be made, if there is one.
  ListedRanges(const ChangeListOptions& options, std::uint64_t unit_bytes)
      : options_(options), unit_bytes_(unit_bytes) {}

  // A range that is listed as changed.
  Status add(std::size_t line, std::uint64_t begin, std::uint64_t length);
  // One that is listed as the same: it must lie on the device too.
  Status check(std::size_t line, std::uint64_t begin, std::uint64_t length) const;

  RangeSet take() { return RangeSet(std::move(ranges_)); }

 private:
  Status beyond(std::size_t line, std::uint64_t begin, std::uint64_t length) const;

  const ChangeListOptions& options_;
  std::uint64_t unit_bytes_;
  std::vector<ByteRange> ranges_;
};

Result<ChangeList> parse_ranges(std::string_view text, const ChangeListOptions& options);
Result<ChangeList> parse_era(std::string_view text, const ChangeListOptions& options);
Result<ChangeList> parse_thin_delta(std::string_view text,
                                    const ChangeListOptions& options);
Result<ChangeList> parse_qemu_bitmap(std::string_view text,
                                     const ChangeListOptions& options);

}  // namespace powercut
