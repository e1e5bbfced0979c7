// SPDX-License-Identifier: GPL-2.0-only
//
// What a log says was changed on one device between two instants, and what of it a list
// of changed blocks lacks. Pure: it knows neither formats of lists nor file systems.
//
// A write, write-zeroes or discard belongs to the interval in which it was submitted, and
// counts whole: one that failed, changed in flight or never completed may have changed
// the disk. It counts even if it wrote what was there already: a tracker cannot know.

#pragma once

#include "replay/range_set.h"
#include "replay/timeline.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

// One write request of the interval; all the pieces of one that is not atomic.
struct ChangingEntry {
  std::uint64_t seq = 0;  // as `log list` numbers it
  Op op = Op::kWrite;
  ByteRange range;
  bool failed = false;      // completed with an error
  bool unfinished = false;  // its completion is not in the log
  std::string who;          // the name of the submitting process, if the log says it
};

struct ChangedBlocks {
  std::vector<ChangingEntry> entries;  // in order of submission
  RangeSet ranges;
  // Entries that were submitted before the interval and had not completed when it began:
  // they belong to the interval before, and may have landed in this one.
  std::uint64_t in_flight_before = 0;
};

// Events [from, to). from <= to.
ChangedBlocks changed_blocks(const Timeline& timeline, std::uint16_t device, Cut from,
                             Cut to);

struct MissedEntry {
  ChangingEntry entry;
  RangeSet missed;
};

struct MissedRange {
  ByteRange range;
  std::vector<std::size_t> entries;  // of ChangeAudit::entries, in order of submission
};

struct ChangeAudit {
  RangeSet checked;                  // what was changed and is not to be ignored
  std::vector<MissedRange> missed;   // by place
  std::vector<MissedEntry> entries;  // those that missed ranges are of, by submission
  std::uint64_t missed_bytes = 0;
  // Listed, and in no entry: trackers round up. No finding.
  std::uint64_t unwritten_bytes = 0;
};

ChangeAudit audit_changes(const ChangedBlocks& changed, const RangeSet& listed,
                          const RangeSet& ignored);

}  // namespace powercut
