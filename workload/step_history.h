// SPDX-License-Identifier: GPL-2.0-only
//
// What something was, version by version, as the operations of a workload changed it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace powercut {

// 0: before the first operation; n: after operation n - 1.
using Step = std::uint32_t;

template <typename T>
class StepHistory {
 public:
  struct Version {
    Step step = 0;
    T value;
  };

  StepHistory() = default;

  explicit StepHistory(Step step, T value) { set(step, std::move(value)); }

  // Steps never go back; the last value of a step is its value.
  void set(Step step, T value) {
    if (!versions_.empty() && versions_.back().step == step) {
      versions_.back().value = std::move(value);
    } else {
      versions_.push_back(Version{step, std::move(value)});
    }
  }

  bool empty() const { return versions_.empty(); }

  const std::vector<Version>& versions() const { return versions_; }

  const T& latest() const { return versions_.back().value; }

  // The last version that `known(step)` holds of; null: none.
  template <typename Known>
  const Version* last(const Known& known) const {
    for (std::size_t i = versions_.size(); i-- > 0;) {
      if (known(versions_[i].step)) {
        return &versions_[i];
      }
    }
    return nullptr;
  }

  // From the version that held at `floor` on, all that `begun(step)` holds of.
  template <typename Begun>
  std::vector<const Version*> between(Step floor, const Begun& begun) const {
    std::size_t first = 0;
    while (first + 1 < versions_.size() && versions_[first + 1].step <= floor) {
      ++first;
    }
    std::vector<const Version*> list;
    for (std::size_t i = first; i < versions_.size(); ++i) {
      if (i == first || begun(versions_[i].step)) {
        list.push_back(&versions_[i]);
      }
    }
    return list;
  }

 private:
  std::vector<Version> versions_;
};

}  // namespace powercut
