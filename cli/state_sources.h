// SPDX-License-Identifier: GPL-2.0-only
//
// States of one log by their ids, as sources of bytes. What is costly to make, the space
// of a cut, is kept for the next id.

#pragma once

#include "base/block_source.h"
#include "replay/crash_state.h"
#include "replay/trimmed_view.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

namespace powercut {

// An id, and the model that it was printed under; the atomic unit is the id's own.
struct NamedState {
  std::string id;
  CrashModel model;
};

// Two of one name are one state.
std::string name_of(const NamedState& state);

// Thread-safe.
class StateSources {
 public:
  static constexpr std::size_t kMostSpaces = 4;

  explicit StateSources(std::shared_ptr<const Recording> recording)
      : recording_(std::move(recording)) {}

  // kUsage if there is no such state.
  Result<std::shared_ptr<const BlockSource>> open(const NamedState& named,
                                                  std::uint16_t device);
  // All that was complete at a cut.
  std::shared_ptr<const BlockSource> open(Cut cut, std::uint16_t device) const;

 private:
  struct Space {
    std::string name;
    std::shared_ptr<const TrimmedSpace> space;
  };

  Result<std::shared_ptr<const TrimmedSpace>> space_of(const CrashModel& model, Cut cut);

  std::shared_ptr<const Recording> recording_;
  std::mutex mutex_;
  std::list<Space> spaces_;  // the latest first
};

}  // namespace powercut
