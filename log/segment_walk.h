// SPDX-License-Identifier: GPL-2.0-only
//
// Follows the chain of segments of a format-2 log by their headers and checks every
// event; reads data only where a mark's text is.

#pragma once

#include "base/mapped_file.h"
#include "log/format2_super.h"
#include "log/segment_index.h"

#include <cstdint>
#include <string>

namespace powercut {

// Why the chain ends where it ends.
enum class ChainEnd {
  kClosed,   // a segment says: the last one, closed cleanly
  kStopped,  // a segment says: the last one, the log was full
  kCutOff,   // no segment of this log begins at `offset`: recording was cut off
  kDamaged,  // the segment at `offset` cannot be believed
};

struct SegmentChain {
  SegmentIndex index;
  ChainEnd end = ChainEnd::kCutOff;
  std::uint64_t offset = 0;  // after the last trusted segment
  std::string why;           // the cause, for kCutOff and kDamaged
};

SegmentChain walk_segments(const MappedFile& file, const Format2Super& super);

// "its data's checksum is ..., ... was recorded", or empty if the data is whole.
std::string check_segment_data(const MappedFile& file, const SegmentEntry& entry);

}  // namespace powercut
