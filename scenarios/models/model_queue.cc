// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/models/model_queue.h"

#include "base/ensure.h"

#include <iterator>
#include <utility>

namespace powercut {

ModelQueue::Request ModelQueue::begin(const Submission& submission,
                                      std::vector<std::byte> data, Done done) {
  Open open{submission, std::move(data), 0, std::move(done)};
  if (order_ == ModelOrder::kSubmission) {
    log_submission(open);
  }
  open_.emplace(next_, std::move(open));
  return next_++;
}

void ModelQueue::log_submission(Open& open) {
  if (status_) {
    Result<std::uint64_t> seq = log_.submit(open.submission, open.data);
    if (seq) {
      open.seq = *seq;
    } else {
      status_ = fail(std::move(seq).error());
    }
  }
  open.data.clear();
}

ModelQueue::Request ModelQueue::write(std::uint16_t device, std::uint64_t offset_bytes,
                                      std::vector<std::byte> data, Done done) {
  Submission submission;
  submission.device = device;
  submission.offset_bytes = offset_bytes;
  submission.length_bytes = data.size();
  return begin(submission, std::move(data), std::move(done));
}

ModelQueue::Request ModelQueue::write_fua(std::uint16_t device,
                                          std::uint64_t offset_bytes,
                                          std::vector<std::byte> data) {
  Submission submission;
  submission.device = device;
  submission.fua = true;
  submission.offset_bytes = offset_bytes;
  submission.length_bytes = data.size();
  return begin(submission, std::move(data), {});
}

ModelQueue::Request ModelQueue::discard(std::uint16_t device, std::uint64_t offset_bytes,
                                        std::uint64_t length_bytes, Done done) {
  Submission submission;
  submission.device = device;
  submission.op = Op::kDiscard;
  submission.offset_bytes = offset_bytes;
  submission.length_bytes = length_bytes;
  return begin(submission, {}, std::move(done));
}

ModelQueue::Request ModelQueue::flush(std::uint16_t device) {
  Submission submission;
  submission.device = device;
  submission.op = Op::kFlush;
  return begin(submission, {}, {});
}

void ModelQueue::complete(Request request) {
  const auto found = open_.find(request);
  PC_ENSURE(found != open_.end(), "a request completes once");
  Open open = std::move(found->second);
  open_.erase(found);
  if (order_ == ModelOrder::kCompletion) {
    log_submission(open);
  }
  if (status_) {
    status_ = log_.complete(open.seq, 0);
  }
  if (open.done) {
    open.done();
  }
}

void ModelQueue::pass_time() {
  if (!open_.empty()) {
    complete(
        std::next(open_.begin(), static_cast<std::ptrdiff_t>(random_.below(open_.size())))
            ->first);
  }
}

void ModelQueue::wait(Request request) {
  while (in_flight(request)) {
    pass_time();
  }
}

void ModelQueue::settle() {
  while (!open_.empty()) {
    pass_time();
  }
}

void ModelQueue::settle_all_but(Request request) {
  while (open_.size() > 1) {
    const auto any = std::next(open_.begin(),
                               static_cast<std::ptrdiff_t>(random_.below(open_.size())));
    if (any->first != request) {
      complete(any->first);
    }
  }
}

void ModelQueue::mark(std::string_view text) {
  if (status_) {
    status_ = log_.mark(text);
  }
}

}  // namespace powercut
