// SPDX-License-Identifier: GPL-2.0-only
//
// Gathers events and their data into the segments of a format-2 log, and knows the
// chain: where the next segment goes and what it says about the one before.

#pragma once

#include "base/fd.h"
#include "log/event.h"
#include "log/format2_super.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

struct pc_event;

namespace powercut {

// Not thread-safe.
class SegmentBuilder {
 public:
  SegmentBuilder(const LogUuid& uuid, std::uint32_t block_bytes);
  ~SegmentBuilder();

  void add(const Event& event, std::span<const std::byte> data);

  bool empty() const { return events_.empty(); }

  // True when it is time to write: large segments are fast, but all of it is lost if the
  // recording machine dies.
  bool wants_writing() const;
  // True if an event with this much data still goes into the segment.
  bool has_room(std::uint64_t data_bytes) const;

  // Bytes in the log that the segment will take if one more event is added.
  std::uint64_t bytes_with(std::uint64_t data_bytes) const;

  // Where the segment goes.
  std::uint64_t offset() const { return offset_; }

  // Where the newest written segment is; 0 before the first.
  std::uint64_t last_offset() const { return last_offset_; }

  // Writes the segment and begins the next. After a failure the chain is unchanged.
  Status write(const Fd& fd, const std::filesystem::path& name, std::uint32_t flags,
               std::uint64_t time_ns);

  // Forgets the gathered events.
  void discard();

 private:
  std::vector<std::byte> encode_head(std::uint32_t flags, std::uint64_t time_ns);

  LogUuid uuid_;
  std::uint32_t block_bytes_;
  std::vector<pc_event> events_;
  std::vector<std::byte> data_;
  std::uint64_t flushes_ = 0;  // among events_
  std::uint64_t marks_ = 0;    // among events_
  std::uint64_t offset_;
  std::uint64_t index_ = 0;
  std::uint64_t last_offset_ = 0;
  std::uint32_t last_crc_ = 0;
  std::uint32_t crc_ = 0;  // of what encode_head() made
  std::uint64_t first_seq_ = 0;
  std::uint64_t first_flush_ = 0;
  std::uint64_t first_mark_ = 0;
};

}  // namespace powercut
