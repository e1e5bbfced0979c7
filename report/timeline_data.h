// SPDX-License-Identifier: GPL-2.0-only
//
// The numbers behind a picture of a log: what happened between two instants, where, for
// how long, and what made it durable. The page, the SVG and the text plot draw the same
// numbers.

#pragma once

#include "replay/crash_model.h"
#include "replay/recording.h"
#include "report/space_scale.h"

#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

// What a bar's colour tells. A FUA write with META is a FUA write.
enum class WriteKind : std::uint8_t { kPlain, kFua, kMeta, kDiscard, kWriteZeroes };
constexpr std::size_t kWriteKinds = 5;

// "write", "FUA write", "meta write", "discard", "write-zeroes".
const char* to_string(WriteKind kind);

constexpr std::uint32_t kNoBarrier = 0xffffffff;

// One write as it was submitted: the pieces of one that is not atomic are one bar.
struct DrawnWrite {
  EventPos submit = 0;
  EventPos complete = kNever;
  // When it is durable in every state; kNever: never in this log, or under this model.
  EventPos durable = kNever;
  std::uint32_t durable_by = kNoBarrier;  // a flush, or itself as a FUA write
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::uint32_t submitter = 0;
  std::uint32_t epoch = 0;  // flushes of its domain that completed before it was sent
  std::uint16_t device = 0;
  WriteKind kind = WriteKind::kPlain;
  std::uint8_t flags = 0;  // WriteFlag
};

// A flush or a FUA write.
struct DrawnBarrier {
  EventPos submit = 0;
  EventPos complete = kNever;  // kNever: never, or with an error
  std::uint32_t number = 0;    // as flush:N, from 1; 0: a FUA write, or not completed
  std::uint32_t made_durable = 0;
  std::uint32_t domain = 0;
  std::uint16_t device = 0;
  bool fua = false;
};

struct DrawnMark {
  EventPos at = 0;
  std::string text;
};

struct TimelineData {
  Cut from = 0;
  Cut to = 0;
  bool has_times = false;  // format 1 has none
  // By event position: nanoseconds since the first event of the range, and the number a
  // user names the event by. As long as the log.
  std::vector<std::int64_t> times;
  std::vector<std::uint64_t> seqs;
  std::vector<DrawnWrite> writes;      // in order of submission
  std::vector<DrawnBarrier> barriers;  // the same
  std::vector<DrawnMark> marks;
  std::vector<Submitter> submitters;
  std::vector<Device> devices;
  std::vector<std::uint64_t> device_bytes;
  std::vector<SpaceScale> scales;  // by device
  std::size_t left_out = 0;        // writes of the log outside the range

  // Kept apart from the range: what is drawn of an event that never ended ends here.
  Cut end_of(EventPos complete) const { return complete < to ? complete : to; }

  std::int64_t time_at(EventPos pos) const;
  // In the unit of the axis: time, or the position of the event.
  double place(EventPos pos, bool by_time) const;
};

// The writes that were sent or in flight between the cuts, the flushes and the marks.
// Under `durability`, which is of the recording.
TimelineData timeline_data(const Recording& recording, const Durability& durability,
                           Cut from, Cut to);

}  // namespace powercut
