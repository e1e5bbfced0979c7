// SPDX-License-Identifier: GPL-2.0-only
//
// One recorded change of a device, as the crash model sees it. 40 bytes: a log of a
// million writes is indexed in the memory of a browser tab.

#pragma once

#include "log/event.h"

#include <cstdint>
#include <limits>

namespace powercut {

// Index into Timeline::writes(), which is in order of submission.
using WriteIndex = std::uint32_t;
// Index of an event in the global order of a timeline.
using EventPos = std::uint32_t;
// An instant: the number of events that have happened.
using Cut = std::uint32_t;

constexpr EventPos kNever = std::numeric_limits<EventPos>::max();
constexpr WriteIndex kNoWrite = std::numeric_limits<WriteIndex>::max();

enum WriteFlag : std::uint8_t {
  kWriteFua = 1,
  kWriteMeta = 2,
  // Completed with an error: old or new, sector by sector, for ever.
  kWriteFailed = 4,
  // Format 1 lost how this write was ordered against FUA writes (--format1=wide).
  kWriteLogOrdered = 8,
  // The second version of a write that changed in flight: new or newer, for ever.
  kWriteUnstable = 16,
  // One logical block of a write that is not atomic (failed or unstable).
  kWritePiece = 32,
};

struct Write {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::uint64_t data_pos = 0;  // in the log; meaningless unless op is kWrite
  EventPos submit = 0;
  EventPos complete = kNever;   // kNever: was in flight when the recording ended
  std::uint32_t submitter = 0;  // index into Timeline::submitters()
  std::uint16_t device = 0;
  Op op = Op::kWrite;  // kWrite, kDiscard or kWriteZeroes
  std::uint8_t flags = 0;

  bool has(WriteFlag flag) const { return (flags & flag) != 0; }

  std::uint64_t end_bytes() const { return offset_bytes + length_bytes; }
};

static_assert(sizeof(Write) == 40);

}  // namespace powercut
