// SPDX-License-Identifier: GPL-2.0-only
//
// The ordered events of one recording: writes, flushes and marks of all its devices in
// one global order. Format 2 gives that order; for format 1 it is made from the entries
// by the rule in docs/crash-model.md ("Logs without submission order").

#pragma once

#include "base/result.h"
#include "log/log.h"
#include "replay/write.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace powercut {

struct Flush {
  EventPos submit = 0;
  EventPos complete = kNever;  // kNever also for a flush that failed
  std::uint32_t domain = 0;
  std::uint16_t device = 0;
};

struct Mark {
  std::string text;
  EventPos at = 0;
};

struct Submitter {
  std::uint32_t pid = 0;
  std::string comm;
};

enum class Format1Rule {
  kNarrow,  // no false alarm: FUA writes in log order, each pending alone
  kWide,    // the plain writes of a window may be pending before its FUA writes
};

struct TimelineOptions {
  Format1Rule format1 = Format1Rule::kNarrow;
};

// Immutable after build(). Refers to `log`, which must outlive it.
class Timeline {
 public:
  // Fails on what cannot be replayed: a write that is not a multiple of 512 bytes, more
  // than 2^32 events.
  static Result<std::shared_ptr<const Timeline>> build(const Log& log,
                                                       const TimelineOptions& options);

  const Log& log() const { return *log_; }

  std::span<const Write> writes() const { return writes_; }

  const Write& write(WriteIndex index) const { return writes_[index]; }

  std::span<const Flush> flushes() const { return flushes_; }

  std::span<const Mark> marks() const { return marks_; }

  const std::vector<Device>& devices() const { return log_->devices(); }

  const Submitter& submitter(const Write& write) const {
    return submitters_[write.submitter];
  }

  Cut end() const { return event_count_; }

  // a lands before b in every permitted state that holds both.
  bool ordered_before(WriteIndex a, WriteIndex b) const {
    const Write& first = writes_[a];
    const Write& second = writes_[b];
    if (first.complete != kNever && first.complete < second.submit) {
      return true;
    }
    return extra_order_ && extra_ordered(a, b);
  }

  // Pairs (a < b) that overlap on their device and were in flight together, so that
  // either order is permitted. Sorted.
  std::span<const std::pair<WriteIndex, WriteIndex>> concurrent_overlaps() const {
    return concurrent_overlaps_;
  }

  // The largest power of two (512 to 4096) that divides every write's offset and length:
  // at this granularity a write covers a unit wholly or not at all.
  std::uint32_t granularity_bytes() const { return granularity_bytes_; }

  // Furthest byte that a write touches on a device.
  std::uint64_t extent_bytes(std::uint16_t device) const { return extents_[device]; }

  // The number a user names a write by: the sequence number of its submission (format
  // 2), or its entry's index (format 1).
  std::uint64_t seq_of(const Write& write) const { return seq_at(write.submit); }

  std::uint64_t seq_at(EventPos pos) const;

  // The instant right after the event (format 1: the entry) with number `seq`.
  Result<Cut> cut_after_seq(std::uint64_t seq) const;

  // The write whose submission has number `seq`; pieces of one write share it, the first
  // is given. kNoWrite if there is none.
  WriteIndex write_with_seq(std::uint64_t seq) const;

  // The data of a write from `skip_bytes` on; only for op kWrite.
  std::span<const std::byte> data(const Write& write, std::uint64_t skip_bytes,
                                  std::uint64_t length_bytes) const {
    return log_->bytes(write.data_pos + skip_bytes, length_bytes);
  }

 private:
  friend class TimelineBuilder;

  explicit Timeline(const Log& log) : log_(&log) {}

  bool extra_ordered(WriteIndex a, WriteIndex b) const;

  const Log* log_;
  std::vector<Write> writes_;
  std::vector<Flush> flushes_;
  std::vector<Mark> marks_;
  std::vector<Submitter> submitters_;
  std::vector<std::pair<WriteIndex, WriteIndex>> concurrent_overlaps_;
  std::vector<std::uint64_t> extents_;
  // Format 1: position of the last event of each entry. Format 2: empty, the position
  // is the sequence number.
  std::vector<EventPos> entry_ends_;
  // Format 1, wide rule: the entry of each position, as the order is not the log's.
  std::vector<std::uint32_t> wide_entries_;
  Cut event_count_ = 0;
  std::uint32_t granularity_bytes_ = 4096;
  bool extra_order_ = false;
};

}  // namespace powercut
