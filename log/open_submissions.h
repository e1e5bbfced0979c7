// SPDX-License-Identifier: GPL-2.0-only
//
// The submissions of a log that are not completed yet: from sequence number to where in
// the file the submission's event is.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace powercut {

// An open-addressing table: as long logs have as many completions as writes, this runs
// once an event. Holds 16 bytes for each open submission, a quarter of what the event
// itself takes in the log.
class OpenSubmissions {
 public:
  OpenSubmissions() : slots_(64) {}

  void insert(std::uint64_t seq, std::uint64_t position) {
    if (2 * (count_ + 1) > slots_.size()) {
      grow();
    }
    place({seq, position});
    ++count_;
  }

  // The position of `seq`, which is open no longer; nothing if it is not open.
  std::optional<std::uint64_t> take(std::uint64_t seq) {
    for (std::size_t i = home(seq); slots_[i].position != kFree; i = next(i)) {
      if (slots_[i].seq == seq) {
        const std::uint64_t position = slots_[i].position;
        erase(i);
        --count_;
        return position;
      }
    }
    return std::nullopt;
  }

  std::size_t count() const { return count_; }

 private:
  static constexpr std::uint64_t kFree = UINT64_MAX;  // no event lies there

  struct Slot {
    std::uint64_t seq = 0;
    std::uint64_t position = kFree;
  };

  std::size_t home(std::uint64_t seq) const {
    return static_cast<std::size_t>((seq * 0x9e3779b97f4a7c15ULL) >> 32) &
           (slots_.size() - 1);
  }

  std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }

  void place(Slot slot) {
    std::size_t i = home(slot.seq);
    while (slots_[i].position != kFree) {
      i = next(i);
    }
    slots_[i] = slot;
  }

  // Closes the gap, so that no lookup stops at it: later slots of the run move up
  // unless that would put them before their home.
  void erase(std::size_t gap) {
    for (std::size_t i = next(gap); slots_[i].position != kFree; i = next(i)) {
      const std::size_t from_home = (i - home(slots_[i].seq)) & (slots_.size() - 1);
      const std::size_t from_gap = (i - gap) & (slots_.size() - 1);
      if (from_home >= from_gap) {
        slots_[gap] = slots_[i];
        gap = i;
      }
    }
    slots_[gap] = Slot{};
  }

  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.position != kFree) {
        place(slot);
      }
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t count_ = 0;
};

}  // namespace powercut
