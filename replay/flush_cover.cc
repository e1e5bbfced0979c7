// SPDX-License-Identifier: GPL-2.0-only

#include "replay/flush_cover.h"

#include <algorithm>

namespace powercut {

namespace {

// As `flush:N` counts: completed flushes, from 1.
std::uint64_t number_of_flush(const Timeline& timeline, std::size_t index) {
  if (timeline.flushes()[index].complete == kNever) {
    return 0;
  }
  return 1 + static_cast<std::uint64_t>(std::count_if(
                 timeline.flushes().begin(),
                 timeline.flushes().begin() + static_cast<std::ptrdiff_t>(index),
                 [](const Flush& flush) { return flush.complete != kNever; }));
}

FlushCover cover(const Timeline& timeline, FlushCover::Why why, std::size_t index) {
  return FlushCover{why, index, number_of_flush(timeline, index)};
}

}  // namespace

FlushCover flush_cover(const Timeline& timeline, const CrashModel& model,
                       WriteIndex index, Cut cut) {
  using Why = FlushCover::Why;
  const Write& write = timeline.write(index);
  const std::uint32_t domain = timeline.devices()[write.device].domain;
  std::optional<std::size_t> too_early;
  std::optional<std::size_t> next;
  for (std::size_t i = 0; i < timeline.flushes().size(); ++i) {
    const Flush& flush = timeline.flushes()[i];
    if (flush.domain != domain || flush.submit < write.submit) {
      continue;
    }
    if (write.complete == kNever || flush.submit < write.complete) {
      too_early = flush.submit < cut ? std::optional(i) : too_early;
    } else if (!next || flush.submit < timeline.flushes()[*next].submit) {
      next = i;
    }
  }
  if (write.complete >= cut) {
    return too_early ? cover(timeline, Why::kTooEarly, *too_early)
                     : FlushCover{Why::kInFlight, {}, 0};
  }
  if (next && timeline.flushes()[*next].submit < cut) {
    const std::uint64_t number = number_of_flush(timeline, *next);
    const bool ignored = model.fault.kind == FaultModel::Kind::kIgnoreFlush &&
                         (model.fault.number == 0 || model.fault.number == number);
    if (timeline.flushes()[*next].complete >= cut) {
      return cover(timeline, Why::kSent, *next);
    }
    return cover(timeline, ignored ? Why::kIgnored : Why::kUncovered, *next);
  }
  if (too_early) {
    return cover(timeline, Why::kTooEarly, *too_early);
  }
  return next ? cover(timeline, Why::kLater, *next) : FlushCover{Why::kNone, {}, 0};
}

}  // namespace powercut
