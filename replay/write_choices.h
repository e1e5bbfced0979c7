// SPDX-License-Identifier: GPL-2.0-only
//
// A window's pending writes as things that can be missing: the same questions for states
// by whole writes and for states by units.
//
// A write is missing in a state if some unit that it could show there is older than it
// (torn counts as missing), or holds garbage. One whose units are all overwritten in a
// state is not missing there.

#pragma once

#include "replay/state_space.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace powercut {

// Index of a pending write, or of a cluster of writes, of one window.
using ChoiceIndex = std::uint32_t;

// Immutable; keeps its space alive.
class WriteChoices {
 public:
  using Options = std::vector<std::uint32_t>;  // by variable, as in CrashState

  explicit WriteChoices(std::shared_ptr<const StateSpace> space);

  const std::shared_ptr<const StateSpace>& space() const { return space_; }

  std::size_t count() const { return writes_.size(); }

  // The write, the first one of a cluster.
  WriteIndex write(ChoiceIndex choice) const { return writes_[choice]; }

  // Everything but these, and nothing but these.
  Options without(const std::vector<ChoiceIndex>& lost) const;
  Options only(const std::vector<ChoiceIndex>& kept) const;

  // Ascending.
  std::vector<ChoiceIndex> missing(const Options& options) const;

 private:
  // What an option of a variable shows: a choice, kOlder (what was there before), or
  // kBroken (garbage).
  using Shown = std::uint32_t;
  static constexpr Shown kOlder = ~Shown{0};
  static constexpr Shown kBroken = kOlder - 1;

  ChoiceIndex choice_of(WriteIndex write);
  std::vector<Shown> shown_by(Variable variable);
  Options best(const std::vector<bool>& allowed) const;

  std::shared_ptr<const StateSpace> space_;
  std::vector<WriteIndex> writes_;
  std::vector<std::vector<Shown>> shown_;  // by variable and option, oldest first
};

}  // namespace powercut
