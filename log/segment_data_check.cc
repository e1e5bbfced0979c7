// SPDX-License-Identifier: GPL-2.0-only

#include "log/segment_data_check.h"

#include "log/segment_walk.h"

#include <atomic>
#include <thread>

namespace powercut {

namespace {

constexpr std::uint64_t kParallelFromBytes = 8ULL << 20;

// Takes segments in turn with its twins until none is left, or one before is damaged.
void check_in_turn(const MappedFile& file, std::span<const SegmentEntry> entries,
                   std::atomic<std::size_t>& next, std::atomic<std::size_t>& damaged) {
  for (std::size_t i = next++; i < damaged && i < entries.size(); i = next++) {
    const SegmentEntry& entry = entries[i];
    if (!check_segment_data(file, entry).empty()) {
      std::size_t first = damaged;
      while (i < first && !damaged.compare_exchange_weak(first, i)) {
      }
    }
    file.drop_pages(entry.offset, entry.data_offset + entry.data_bytes);
  }
}

}  // namespace

std::optional<std::size_t> first_damaged_segment(const MappedFile& file,
                                                 std::span<const SegmentEntry> entries) {
  std::uint64_t total_bytes = 0;
  for (const SegmentEntry& entry : entries) {
    total_bytes += entry.data_bytes;
  }
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> damaged = entries.size();
  if (total_bytes >= kParallelFromBytes) {
    std::jthread twin([&] { check_in_turn(file, entries, next, damaged); });
    check_in_turn(file, entries, next, damaged);
  } else {
    check_in_turn(file, entries, next, damaged);
  }
  const std::size_t first = damaged;
  return first < entries.size() ? std::optional(first) : std::nullopt;
}

}  // namespace powercut
