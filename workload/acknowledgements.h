// SPDX-License-Identifier: GPL-2.0-only
//
// The marks of a performed workload (perform.h), read back from a recording: which
// operations had been acknowledged at which instant, and the numbers of the inodes that
// they made.

#pragma once

#include "base/result.h"
#include "replay/timeline.h"
#include "workload/file_model.h"
#include "workload/operation.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace powercut {

struct Acknowledgements {
  // Operations in the order of their marks; positions[i] is that of the i-th mark.
  std::vector<std::size_t> operations;
  std::vector<EventPos> positions;
  std::map<std::size_t, std::uint64_t> inode_numbers;  // by operation that made it
  bool begun = false;                                  // there is the mark "begin"
};

// An Error (kBadInput): marks that no performer of this workload writes - an operation
// that is none or is no acknowledgement, twice, or out of the order of its thread: the
// oracle would promise what was never acknowledged. No mark "begin" at all: the recording
// is not one of this workload.
Result<Acknowledgements> read_acknowledgements(const Timeline& timeline,
                                               const Workload& workload);

// Which steps had certainly been taken, or may have been taken, at an instant: bounds of
// each thread. Outside of groups there is one thread.
class StepBound {
 public:
  // Everything before `bound`.
  explicit StepBound(Step bound = 0) : bound_(bound) {}

  // Operation number (step - 1) is among those.
  bool operator()(Step step) const {
    if (step <= bound_) {
      return true;
    }
    return groups_ != nullptr && in_threads(step);
  }

  Step bound() const { return bound_; }

  // What was certainly done when acknowledgement number `index` of the list was given,
  // itself included.
  static StepBound done_at(const Workload& workload, const Acknowledgements& acks,
                           std::size_t index);
  // What may have begun when `count` acknowledgements had been given.
  static StepBound begun_after(const Workload& workload, const Acknowledgements& acks,
                               std::size_t count);

 private:
  bool in_threads(Step step) const;

  Step bound_;
  const Workload* groups_ = nullptr;       // of the threads below
  std::map<std::uint32_t, Step> threads_;  // last step of a thread
};

}  // namespace powercut
