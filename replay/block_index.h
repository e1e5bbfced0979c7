// SPDX-License-Identifier: GPL-2.0-only
//
// Which writes cover a place of a device, newest first: the index that makes any state
// of any size of log a lookup instead of a replay.
//
// Every write's range is cut into aligned power-of-two runs of 512-byte sectors (at most
// two of each size; one for a 4 KiB write at a 4 KiB boundary). An entry is (size,
// device, run number) -> write, and all entries lie in one sorted array: a place is
// covered by the entries of at most one run of each size, found by binary search. So a
// lookup costs O(sizes * log n) and the index 16 bytes an entry, whatever the length of
// a write (a discard of a terabyte is a handful of entries).

#pragma once

#include "replay/timeline.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace powercut {

// Immutable after construction; may be read by several threads at once. Does not refer
// to the timeline after construction.
class BlockIndex {
 public:
  explicit BlockIndex(const Timeline& timeline);

  class Cursor;

  // Writes submitted before `first_after` (a bound on write indexes) that touch
  // [offset, offset + length), a power of two of at least 512 at a multiple of itself.
  Cursor covering(std::uint16_t device, std::uint64_t offset_bytes,
                  std::uint64_t length_bytes, WriteIndex first_after) const;

  std::size_t entry_count() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t key;
    WriteIndex write;
    // Latest completion among the entries of this key up to and including this one:
    // tells whether any older write can have been in flight with a newer one.
    EventPos latest_complete;
  };

  static std::uint64_t key_of(unsigned level, std::uint16_t device, std::uint64_t run);
  void add(const Write& write, WriteIndex index);

  std::vector<Entry> entries_;             // sorted by key, then write
  std::vector<std::uint32_t> level_ends_;  // end of each level in entries_
};

// Gives the writes of one lookup, newest submission first, each once.
class BlockIndex::Cursor {
 public:
  // kNoWrite at the end.
  WriteIndex next();

  // Latest completion among the writes that next() has yet to give; 0 when there are
  // none.
  EventPos latest_complete_of_rest() const;

 private:
  friend class BlockIndex;

  struct Run {
    const Entry* begin = nullptr;
    const Entry* end = nullptr;  // one past the next to give
  };

  static constexpr std::size_t kInline = 16;

  std::size_t count_ = 0;
  std::array<Run, kInline> inline_{};
  std::vector<Run> more_;

  void push(const Entry* begin, const Entry* end);

  Run& run(std::size_t i) { return i < kInline ? inline_[i] : more_[i - kInline]; }

  const Run& run(std::size_t i) const {
    return i < kInline ? inline_[i] : more_[i - kInline];
  }
};

}  // namespace powercut
