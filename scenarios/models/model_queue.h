// SPDX-License-Identifier: GPL-2.0-only
//
// The disks of a model: requests that are in flight until the model has them complete, in
// an order drawn from the seed, and that are recorded in a log as they happen. It keeps
// no content: what a disk holds is a matter of the log.
//
// Not thread-safe, and no thread: time passes in complete(), wait() and settle() only.

#pragma once

#include "base/random.h"
#include "base/result.h"
#include "log/event_sink.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

namespace powercut {

// What the recorder sees of a request.
enum class ModelOrder {
  kSubmission,  // its submission and its completion, each at its time
  kCompletion,  // its completion, as QEMU's blklogwrites: logged as if submitted then
};

class ModelQueue {
 public:
  using Request = std::uint64_t;
  // Called when a request has completed; may begin others, and must not wait.
  using Done = std::function<void()>;

  // The log must outlive the queue.
  ModelQueue(EventSink& log, ModelOrder order, std::uint64_t seed)
      : log_(log), order_(order), random_(seed) {}

  Request write(std::uint16_t device, std::uint64_t offset_bytes,
                std::vector<std::byte> data, Done done = {});
  Request write_fua(std::uint16_t device, std::uint64_t offset_bytes,
                    std::vector<std::byte> data);
  Request discard(std::uint16_t device, std::uint64_t offset_bytes,
                  std::uint64_t length_bytes, Done done = {});
  Request flush(std::uint16_t device);

  // Completes this one now.
  void complete(Request request);
  // Completes requests, any of them next, until this one has.
  void wait(Request request);
  // The same until none is in flight.
  void settle();
  // The same until none but this one is.
  void settle_all_but(Request request);
  // Completes any one, if one is in flight.
  void pass_time();

  bool in_flight(Request request) const { return open_.contains(request); }

  std::size_t in_flight() const { return open_.size(); }

  void mark(std::string_view text);

  Random& random() { return random_; }

  // The log's first failure; what follows it is not recorded.
  const Status& status() const { return status_; }

 private:
  struct Open {
    Submission submission;
    std::vector<std::byte> data;  // until it is logged
    std::uint64_t seq = 0;        // in the log, once it is there
    Done done;
  };

  Request begin(const Submission& submission, std::vector<std::byte> data, Done done);
  void log_submission(Open& open);

  EventSink& log_;
  ModelOrder order_;
  Random random_;
  std::map<Request, Open> open_;
  Request next_ = 0;
  Status status_;
};

}  // namespace powercut
