// SPDX-License-Identifier: GPL-2.0-only

#include "replay/changed_blocks.h"

#include <algorithm>
#include <utility>

namespace powercut {

namespace {

// A write as an entry of its own, or as one more piece of the entry at the back.
void add_write(const Timeline& timeline, const Write& write,
               std::vector<ChangingEntry>& entries) {
  const std::uint64_t seq = timeline.seq_of(write);
  if (entries.empty() || entries.back().seq != seq) {
    entries.push_back(ChangingEntry{seq,
                                    write.op,
                                    {write.offset_bytes, write.end_bytes()},
                                    false,
                                    false,
                                    timeline.submitter(write).comm});
  }
  ChangingEntry& entry = entries.back();
  entry.range.begin = std::min(entry.range.begin, write.offset_bytes);
  entry.range.end = std::max(entry.range.end, write.end_bytes());
  entry.failed = entry.failed || write.has(kWriteFailed);
  entry.unfinished = entry.unfinished || write.complete == kNever;
}

}  // namespace

ChangedBlocks changed_blocks(const Timeline& timeline, std::uint16_t device, Cut from,
                             Cut to) {
  ChangedBlocks changed;
  std::vector<ByteRange> ranges;
  std::vector<ChangingEntry> open_before;
  for (const Write& write : timeline.writes()) {
    if (write.device != device || write.length_bytes == 0 || write.submit >= to) {
      continue;
    }
    if (write.submit >= from) {
      add_write(timeline, write, changed.entries);
      ranges.push_back({write.offset_bytes, write.end_bytes()});
    } else if (write.complete >= from) {
      add_write(timeline, write, open_before);
    }
  }
  changed.ranges = RangeSet(std::move(ranges));
  changed.in_flight_before = open_before.size();
  return changed;
}

ChangeAudit audit_changes(const ChangedBlocks& changed, const RangeSet& listed,
                          const RangeSet& ignored) {
  ChangeAudit audit;
  audit.checked = changed.ranges.without(ignored);
  audit.unwritten_bytes = listed.without(changed.ranges).total_bytes();
  const RangeSet missed = audit.checked.without(listed);
  audit.missed_bytes = missed.total_bytes();
  for (const ByteRange& range : missed.ranges()) {
    audit.missed.push_back({range, {}});
  }
  for (const ChangingEntry& entry : changed.entries) {
    const std::span<const ByteRange> hit = missed.touching(entry.range);
    if (hit.empty()) {
      continue;
    }
    const std::size_t first =
        static_cast<std::size_t>(hit.data() - missed.ranges().data());
    std::vector<ByteRange> parts;
    for (std::size_t i = 0; i < hit.size(); ++i) {
      audit.missed[first + i].entries.push_back(audit.entries.size());
      parts.push_back({std::max(hit[i].begin, entry.range.begin),
                       std::min(hit[i].end, entry.range.end)});
    }
    audit.entries.push_back({entry, RangeSet(std::move(parts))});
  }
  return audit;
}

}  // namespace powercut
