// SPDX-License-Identifier: GPL-2.0-only

#include "replay/block_index.h"

#include "base/ensure.h"

#include <algorithm>
#include <bit>

namespace powercut {

namespace {

constexpr unsigned kSectorShift = 9;
constexpr unsigned kLevelShift = 58;
constexpr unsigned kDeviceShift = 53;
constexpr unsigned kLevels = 50;

}  // namespace

std::uint64_t BlockIndex::key_of(unsigned level, std::uint16_t device,
                                 std::uint64_t run) {
  return (std::uint64_t{level} << kLevelShift) | (std::uint64_t{device} << kDeviceShift) |
         run;
}

BlockIndex::BlockIndex(const Timeline& timeline) {
  PC_ENSURE(timeline.devices().size() <= 32, "a log has at most 31 devices");
  entries_.reserve(timeline.writes().size());
  for (WriteIndex i = 0; i < timeline.writes().size(); ++i) {
    add(timeline.write(i), i);
  }
  auto less = [](const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key < b.key : a.write < b.write;
  };
  if (!std::is_sorted(entries_.begin(), entries_.end(), less)) {
    std::sort(entries_.begin(), entries_.end(), less);
  }
  level_ends_.assign(kLevels, 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    entry.latest_complete = timeline.write(entry.write).complete;
    if (i > 0 && entries_[i - 1].key == entry.key) {
      entry.latest_complete =
          std::max(entry.latest_complete, entries_[i - 1].latest_complete);
    }
    level_ends_[entry.key >> kLevelShift] = static_cast<std::uint32_t>(i + 1);
  }
  for (unsigned level = 1; level < kLevels; ++level) {
    level_ends_[level] = std::max(level_ends_[level], level_ends_[level - 1]);
  }
}

void BlockIndex::add(const Write& write, WriteIndex index) {
  std::uint64_t sector = write.offset_bytes >> kSectorShift;
  std::uint64_t end = write.end_bytes() >> kSectorShift;
  while (sector < end) {
    unsigned aligned =
        sector == 0 ? kLevels - 1 : static_cast<unsigned>(std::countr_zero(sector));
    unsigned fits = static_cast<unsigned>(std::bit_width(end - sector)) - 1;
    unsigned level = std::min({aligned, fits, kLevels - 1});
    entries_.push_back(Entry{key_of(level, write.device, sector >> level), index, 0});
    sector += std::uint64_t{1} << level;
  }
}

BlockIndex::Cursor BlockIndex::covering(std::uint16_t device, std::uint64_t offset_bytes,
                                        std::uint64_t length_bytes,
                                        WriteIndex first_after) const {
  Cursor cursor;
  std::uint64_t first = offset_bytes >> kSectorShift;
  std::uint64_t last = (offset_bytes + length_bytes - 1) >> kSectorShift;
  auto key_less = [](const Entry& entry, std::uint64_t key) { return entry.key < key; };
  std::uint32_t begin = 0;
  for (unsigned level = 0; level < kLevels; ++level) {
    std::uint32_t end = level_ends_[level];
    if (begin == end) {
      continue;
    }
    const Entry* from = entries_.data() + begin;
    const Entry* to = entries_.data() + end;
    begin = end;
    std::uint64_t run_first = first >> level;
    std::uint64_t run_last = last >> level;
    const Entry* at =
        std::lower_bound(from, to, key_of(level, device, run_first), key_less);
    std::uint64_t stop = key_of(level, device, run_last);
    while (at != to && at->key <= stop) {
      const Entry* next_key = std::lower_bound(at, to, at->key + 1, key_less);
      const Entry* after = std::partition_point(
          at, next_key, [&](const Entry& entry) { return entry.write < first_after; });
      if (after != at) {
        cursor.push(at, after);
      }
      at = next_key;
    }
  }
  return cursor;
}

void BlockIndex::Cursor::push(const Entry* begin, const Entry* end) {
  if (count_ < kInline) {
    inline_[count_] = Run{begin, end};
  } else {
    more_.push_back(Run{begin, end});
  }
  ++count_;
}

WriteIndex BlockIndex::Cursor::next() {
  WriteIndex newest = kNoWrite;
  for (std::size_t i = 0; i < count_; ++i) {
    const Run& candidate = run(i);
    if (candidate.begin != candidate.end &&
        (newest == kNoWrite || candidate.end[-1].write > newest)) {
      newest = candidate.end[-1].write;
    }
  }
  if (newest == kNoWrite) {
    return kNoWrite;
  }
  for (std::size_t i = 0; i < count_; ++i) {
    Run& candidate = run(i);
    if (candidate.begin != candidate.end && candidate.end[-1].write == newest) {
      --candidate.end;
    }
  }
  return newest;
}

EventPos BlockIndex::Cursor::latest_complete_of_rest() const {
  EventPos latest = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const Run& candidate = run(i);
    if (candidate.begin != candidate.end) {
      latest = std::max(latest, candidate.end[-1].latest_complete);
    }
  }
  return latest;
}

}  // namespace powercut
