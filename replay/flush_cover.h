// SPDX-License-Identifier: GPL-2.0-only
//
// Which flush should have made a pending write durable, and why it had not by a cut.

#pragma once

#include "replay/crash_model.h"
#include "replay/timeline.h"

#include <cstdint>
#include <optional>

namespace powercut {

struct FlushCover {
  enum class Why : std::uint8_t {
    kInFlight,   // the write itself was not complete at the cut: no flush can cover it
    kTooEarly,   // a flush was sent while it was in flight, and none between it and the
                 // cut
    kSent,       // a flush that covers it was sent before the cut, and not complete
    kLater,      // the next flush of its disk was sent after the cut
    kNone,       // no flush of its disk follows
    kIgnored,    // a flush covers it, and the fault ignores that flush
    kUncovered,  // a flush covers it, and the model or fault does not let it count
  };
  Why why = Why::kNone;
  // The flush that is spoken of: its number as in `flush:N` (0: it never completed), and
  // its index among the timeline's flushes. None for kInFlight and kNone.
  std::optional<std::size_t> flush;
  std::uint64_t number = 0;
};

// Of a write that was submitted before the cut and is pending there.
FlushCover flush_cover(const Timeline& timeline, const CrashModel& model,
                       WriteIndex write, Cut cut);

}  // namespace powercut
