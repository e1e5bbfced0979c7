// SPDX-License-Identifier: GPL-2.0-only

#include "replay/timeline.h"

#include "replay/timeline_builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

bool Timeline::extra_ordered(WriteIndex a, WriteIndex b) const {
  const Write& first = writes_[a];
  const Write& second = writes_[b];
  if (first.has(kWriteLogOrdered) && second.has(kWriteLogOrdered)) {
    return a < b;
  }
  // What a page held at completion came after what it held at submission.
  return second.has(kWriteUnstable) && first.submit == second.submit &&
         !first.has(kWriteUnstable);
}

std::uint64_t Timeline::seq_at(EventPos pos) const {
  if (entry_ends_.empty()) {
    return pos;
  }
  if (!wide_entries_.empty()) {
    return wide_entries_[pos];
  }
  auto it = std::lower_bound(entry_ends_.begin(), entry_ends_.end(), pos);
  return static_cast<std::uint64_t>(it - entry_ends_.begin());
}

Result<Cut> Timeline::cut_after_seq(std::uint64_t seq) const {
  std::uint64_t count = entry_ends_.empty() ? event_count_ : entry_ends_.size();
  if (seq >= count) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("no entry {} in this log: it has {}, numbered from 0", seq, count));
  }
  if (entry_ends_.empty()) {
    return static_cast<Cut>(seq + 1);
  }
  // An entry without events of its own ends where its predecessor did.
  EventPos last = entry_ends_[seq];
  return last == kNever ? 0 : last + 1;
}

WriteIndex Timeline::write_with_seq(std::uint64_t seq) const {
  if (!wide_entries_.empty()) {
    for (WriteIndex i = 0; i < writes_.size(); ++i) {
      if (seq_of(writes_[i]) == seq) {
        return i;
      }
    }
    return kNoWrite;
  }
  auto it = std::partition_point(writes_.begin(), writes_.end(),
                                 [&](const Write& write) { return seq_of(write) < seq; });
  if (it == writes_.end() || seq_of(*it) != seq) {
    return kNoWrite;
  }
  return static_cast<WriteIndex>(it - writes_.begin());
}

Result<std::shared_ptr<const Timeline>> Timeline::build(const Log& log,
                                                        const TimelineOptions& options) {
  std::shared_ptr<Timeline> timeline(new Timeline(log));
  TimelineBuilder builder(*timeline, options);
  PC_RETURN_IF_ERROR(builder.run());
  return std::shared_ptr<const Timeline>(timeline);
}

}  // namespace powercut
