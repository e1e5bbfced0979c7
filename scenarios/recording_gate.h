// SPDX-License-Identifier: GPL-2.0-only
//
// A sink of events that can be turned off and on: what a disk writes to that records many
// workloads, each into a log of its own. What comes while it is off, or belongs to a
// submission of an earlier log, is dropped; the disk goes on as if there was no recorder.

#pragma once

#include "log/event_sink.h"

#include <cstdint>
#include <shared_mutex>

namespace powercut {

// Thread-safe. After close() the sink of before is not called any more, not even for
// requests that are still in flight.
class RecordingGate final : public EventSink {
 public:
  // `sink` must outlive its close().
  void open(EventSink& sink);
  void close();

  Result<std::uint64_t> submit(const Submission& submission,
                               std::span<const std::byte> data) override;
  Status complete(std::uint64_t seq, std::uint32_t status) override;
  Status mark(std::string_view text) override;

 private:
  // Shared by those that write, alone for open() and close().
  std::shared_mutex mutex_;
  EventSink* sink_ = nullptr;     // mutex_
  std::uint64_t generation_ = 0;  // mutex_: of the log, from 1
};

}  // namespace powercut
