// SPDX-License-Identifier: GPL-2.0-only
//
// Decides whether the events of a format-2 log can be believed. A good checksum says
// that an event is what was written, not that the writer was sane: nothing that reaches
// a visitor may name a device, a range or a submission that is not there.

#pragma once

#include "log/event.h"
#include "log/open_submissions.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

struct pc_event;

namespace powercut {

// What an event's segment says about where data is.
struct SegmentData {
  std::uint64_t position = 0;  // of the segment's data in the file
  std::uint64_t length_bytes = 0;
};

// Sees all events of a log in order. `file` and `devices` must outlive it.
class EventCheck {
 public:
  EventCheck(std::span<const std::byte> file, const std::vector<Device>& devices)
      : file_(file), devices_(devices) {}

  // Empty, or what is wrong with the event, which lies at `position` of the file.
  std::string check(const pc_event& event, std::uint64_t seq, std::uint64_t position,
                    const SegmentData& data);

 private:
  std::string check_submission(const pc_event& event, std::uint64_t seq,
                               const SegmentData& data) const;
  std::string check_completion(const pc_event& event, std::uint64_t seq,
                               const SegmentData& data);
  std::string check_mark(const pc_event& event, const SegmentData& data) const;
  std::string check_range(const pc_event& event, std::uint64_t seq) const;

  std::span<const std::byte> file_;
  const std::vector<Device>& devices_;
  OpenSubmissions open_;
};

}  // namespace powercut
