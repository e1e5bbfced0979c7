// SPDX-License-Identifier: GPL-2.0-only
//
// Which units of a disk were read before they were written, in the order of first
// reading, by whom.
//
// "Whom" is a probe. Probe 0 is the base: what it read, every later probe is taken to
// have read too, and does not list again. Probes 1, 2, ... know nothing of each other:
// a unit that two of them read is in both lists.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace powercut {

// A set of unit numbers that remembers the order of insertion, cleared in O(members).
class UnitList {
 public:
  explicit UnitList(std::uint64_t unit_count) : bits_((unit_count + 63) / 64) {}

  bool contains(std::uint64_t unit) const {
    return (bits_[unit / 64] >> (unit % 64) & 1) != 0;
  }

  void add(std::uint64_t unit);
  // Removes all members and returns them in order.
  std::vector<std::uint64_t> clear();

  const std::vector<std::uint64_t>& units() const { return units_; }

 private:
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint64_t> units_;
};

// Not thread-safe; its ServedDisk locks.
class Footprint {
 public:
  // `unit_bytes` is a power of two from 512 to 65536.
  Footprint(std::uint64_t size_bytes, std::uint32_t unit_bytes);

  std::uint32_t unit_bytes() const { return unit_bytes_; }

  // What is read from here on is read by probe `index`; a probe may be continued.
  void begin_probe(std::size_t index);

  // Unit `unit` was read.
  void add(std::uint64_t unit);

  // Nothing to learn from another read of `unit`.
  bool knows(std::uint64_t unit) const {
    return base_.contains(unit) || (probe_ != 0 && current_.contains(unit));
  }

  // The list of a probe so far; empty for a probe that never began.
  std::vector<std::uint64_t> units(std::size_t probe) const;

  // Forgets all lists, in O(length of the lists), and goes back to probe 0.
  void reset();

 private:
  std::uint32_t unit_bytes_;
  std::size_t probe_ = 0;
  UnitList base_;
  UnitList current_;                              // of probe_, if it is not 0
  std::vector<std::vector<std::uint64_t>> past_;  // [probe]: lists of suspended probes
};

}  // namespace powercut
