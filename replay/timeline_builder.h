// SPDX-License-Identifier: GPL-2.0-only
//
// Makes a Timeline from the events of a log. Internal to replay/.

#pragma once

#include "replay/timeline.h"

#include <deque>
#include <map>
#include <string>
#include <unordered_map>

namespace powercut {

// Used once: construct, run(), drop.
class TimelineBuilder {
 public:
  TimelineBuilder(Timeline& timeline, const TimelineOptions& options);

  Status run();

 private:
  struct Open {
    WriteIndex first = kNoWrite;  // of a write
    std::uint32_t flush = 0;      // of a flush
  };

  void add(const Event& event);
  void add_ordered(const Event& event);
  void add_submit(const Event& event);
  void add_complete(const Event& event);
  // Format 1, wide rule: the entries since the last flush, rearranged.
  void emit_wide_window();
  // Replaces the single Write of a failed or unstable write by one piece a logical
  // block; unstable ones get a second version of each.
  void split_not_atomic();
  void find_concurrent_overlaps();
  void measure();
  std::uint32_t intern_submitter(const Event& event);
  void refuse(std::string message);

  struct Unstable {
    WriteIndex write;
    std::uint64_t data_pos;
  };

  Timeline& timeline_;
  TimelineOptions options_;
  bool format1_;
  std::unordered_map<std::uint64_t, Open> open_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> submitter_ids_;
  std::vector<Event> wide_window_;
  std::vector<Unstable> unstable_;
  bool any_failed_ = false;
  std::uint64_t format1_seq_ = 0;
  std::string refused_;
};

}  // namespace powercut
