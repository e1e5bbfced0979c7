// SPDX-License-Identifier: GPL-2.0-only
//
// An overlay that can be told to fail or to stop answering, as a disk that is lost does.

#pragma once

#include "device/memory_overlay.h"

#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

namespace powercut::test {

// What is wrong with the disk; shared with the overlay, and must outlive it. Thread-safe.
class DiskFault {
 public:
  enum class Kind { kNone, kFails, kHangs };

  void set(Kind kind) {
    const std::lock_guard<std::mutex> lock(mutex_);
    kind_ = kind;
    changed_.notify_all();
  }

  // Of each request that is served: 0, or the errno; waits as long as the disk hangs.
  int pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return kind_ != Kind::kHangs; });
    --waiting_;
    return kind_ == Kind::kFails ? EIO : 0;
  }

  // Until a request waits.
  void wait_for_request() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Kind kind_ = Kind::kNone;
  int waiting_ = 0;
};

class FaultyOverlay final : public Overlay {
 public:
  explicit FaultyOverlay(DiskFault& fault) : fault_(fault) {}

  int read(std::uint64_t offset_bytes, std::span<std::byte> out,
           const BlockSource* base) const override {
    const int error = fault_.pass();
    return error != 0 ? error : memory_.read(offset_bytes, out, base);
  }

  int write(std::uint64_t offset_bytes, std::span<const std::byte> data) override {
    const int error = fault_.pass();
    return error != 0 ? error : memory_.write(offset_bytes, data);
  }

  int zero(std::uint64_t offset_bytes, std::uint64_t length_bytes) override {
    const int error = fault_.pass();
    return error != 0 ? error : memory_.zero(offset_bytes, length_bytes);
  }

  bool covers(std::uint64_t offset_bytes, std::uint64_t length_bytes) const override {
    return memory_.covers(offset_bytes, length_bytes);
  }

  int reset() override { return memory_.reset(); }

 private:
  DiskFault& fault_;
  MemoryOverlay memory_;
};

}  // namespace powercut::test
