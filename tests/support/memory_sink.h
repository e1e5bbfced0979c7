// SPDX-License-Identifier: GPL-2.0-only
//
// In-memory twins for disks: a source of known bytes, and a sink that keeps events.

#pragma once

#include "base/block_source.h"
#include "log/event_sink.h"

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace powercut::test {

// A source that holds its bytes.
class MemorySource final : public BlockSource {
 public:
  explicit MemorySource(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}

  MemorySource(std::size_t size_bytes, std::byte fill) : bytes_(size_bytes, fill) {}

  std::uint64_t size_bytes() const override { return bytes_.size(); }

  void read(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    std::memcpy(out.data(), bytes_.data() + offset_bytes, out.size());
  }

 private:
  std::vector<std::byte> bytes_;
};

// Keeps events in the order of the calls; fails from event `fail_at` on.
class MemorySink final : public EventSink {
 public:
  struct Event {
    std::string what;  // "submit", "complete", "mark"
    Submission submission;
    std::vector<std::byte> data;
    std::uint64_t seq = 0;
    std::uint32_t status = 0;
  };

  std::optional<std::size_t> fail_at;

  Result<std::uint64_t> submit(const Submission& submission,
                               std::span<const std::byte> data) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (fail_at && events_.size() >= *fail_at) {
      return fail(system_error("the log is full", ENOSPC));
    }
    const std::uint64_t seq = events_.size();
    events_.push_back({"submit", submission, {data.begin(), data.end()}, seq, 0});
    return seq;
  }

  Status complete(std::uint64_t seq, std::uint32_t status) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (fail_at && events_.size() >= *fail_at) {
      return fail(system_error("the log is full", ENOSPC));
    }
    events_.push_back({"complete", events_[seq].submission, {}, seq, status});
    return {};
  }

  Status mark(std::string_view /*text*/) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    events_.push_back({"mark", {}, {}, events_.size(), 0});
    return {};
  }

  std::vector<Event> events() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return events_;
  }

  // What a disk of zeros holds after all completed writes, in completion order.
  std::vector<std::byte> replay(std::size_t size_bytes) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::byte> disk(size_bytes);
    for (const Event& event : events_) {
      if (event.what != "complete" || event.status != 0) {
        continue;
      }
      const Submission& s = event.submission;
      if (s.op == Op::kWrite) {
        std::memcpy(disk.data() + s.offset_bytes, events_[event.seq].data.data(),
                    s.length_bytes);
      } else if (s.op != Op::kFlush) {
        std::memset(disk.data() + s.offset_bytes, 0, s.length_bytes);
      }
    }
    return disk;
  }

  std::size_t count(Op op) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::size_t count = 0;
    for (const Event& event : events_) {
      count += event.what == "submit" && event.submission.op == op ? 1 : 0;
    }
    return count;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Event> events_;
};

}  // namespace powercut::test
