// SPDX-License-Identifier: GPL-2.0-only
//
// The instants of a recording between which a person walks: the next flush, the mark
// before, the event at a time. All of them by binary search, for a log can be long and a
// step must not be felt.

#pragma once

#include "base/result.h"
#include "replay/timeline.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

enum class StepKind {
  kEvent,
  kWrite,  // right after its submission
  kFua,    // right after a FUA write became durable
  kFlush,  // right after its completion
  kMark,
};

// "flush", "fua", "mark", "write", "event".
Result<StepKind> parse_step_kind(const std::string& text);

// Immutable after construction. Refers to the timeline, which must outlive it.
class Steps {
 public:
  explicit Steps(const Timeline& timeline);

  // The nearest such instant behind `cut`, and the nearest before it.
  std::optional<Cut> next(StepKind kind, Cut cut) const;
  std::optional<Cut> previous(StepKind kind, Cut cut) const;

  // What find_cut() (replay/where.h) gives, and time:SECONDS since the first event.
  Result<Cut> find(const std::string& where) const;

  // The place as it can be typed: "start", "flush 12", "mark X", "write 412", "seq 7"
  // (format 1: "entry 7"), "end". Bytes of marks are as they are.
  std::string name_of(Cut cut) const;

  // How many flushes were complete at `cut`, and how many there are.
  std::size_t flushes_before(Cut cut) const;

  std::size_t flush_count() const { return flush_cuts_.size(); }

  // The instant of flush `number`, from 1 to flush_count().
  Cut flush_cut(std::size_t number) const { return flush_cuts_[number - 1]; }

  // Nanoseconds since the first event; nothing if the log has no times.
  std::optional<std::uint64_t> time_of(EventPos pos) const;

 private:
  using Numbered = std::pair<Cut, std::uint32_t>;

  std::optional<std::uint64_t> clock_at(EventPos pos) const;
  Result<Cut> find_time(const std::string& seconds) const;

  const Timeline& timeline_;
  std::vector<Cut> flush_cuts_;            // by number
  std::vector<Numbered> flushes_;          // by cut; the number of each
  std::vector<Numbered> marks_;            // by cut; index into Timeline::marks()
  std::vector<std::uint32_t> mark_names_;  // indexes, by text and then by place
  std::vector<Cut> fuas_;
};

}  // namespace powercut
