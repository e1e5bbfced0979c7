// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/recording_gate.h"

#include "base/ensure.h"

#include <mutex>

namespace powercut {
namespace {

// A number given to the disk: of the log, and of the event in it.
constexpr unsigned kSeqBits = 40;
constexpr std::uint64_t kSeqMask = (std::uint64_t{1} << kSeqBits) - 1;

}  // namespace

void RecordingGate::open(EventSink& sink) {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  sink_ = &sink;
  ++generation_;
}

void RecordingGate::close() {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  sink_ = nullptr;
}

Result<std::uint64_t> RecordingGate::submit(const Submission& submission,
                                            std::span<const std::byte> data) {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  if (sink_ == nullptr) {
    return 0;  // of generation 0: no log
  }
  PC_ASSIGN_OR_RETURN(const std::uint64_t seq, sink_->submit(submission, data));
  PC_ENSURE(seq <= kSeqMask, "an event's number has 40 bits");
  return (generation_ << kSeqBits) | seq;
}

Status RecordingGate::complete(std::uint64_t seq, std::uint32_t status) {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  if (sink_ == nullptr || seq >> kSeqBits != generation_) {
    return {};
  }
  return sink_->complete(seq & kSeqMask, status);
}

Status RecordingGate::mark(std::string_view text) {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  if (sink_ == nullptr) {
    return fail(ErrorKind::kSystem, "nothing is being recorded");
  }
  return sink_->mark(text);
}

}  // namespace powercut
