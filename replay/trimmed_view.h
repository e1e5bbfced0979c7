// SPDX-License-Identifier: GPL-2.0-only
//
// A view of a state that does not grow while it is read: what its space has resolved is
// forgotten now and then. For what serves a disk of any size for hours.

#pragma once

#include "base/block_source.h"
#include "replay/state_view.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

// A space that several views read, so that they know when it may be trimmed.
class TrimmedSpace {
 public:
  // Some 40 MiB of resolved units.
  static constexpr std::uint64_t kMostUnits = 1 << 20;

  explicit TrimmedSpace(std::shared_ptr<const StateSpace> space,
                        std::uint64_t most_units = kMostUnits)
      : space_(std::move(space)), most_units_(most_units) {}

  const std::shared_ptr<const StateSpace>& space() const { return space_; }

  Result<CrashState> state(const std::string& id) const;

  // `view` shows a state of this space.
  void read(const StateView& view, std::uint64_t offset_bytes,
            std::span<std::byte> out) const;

 private:
  std::shared_ptr<const StateSpace> space_;
  std::uint64_t most_units_;
  mutable std::shared_mutex mutex_;  // alone: to trim
  mutable std::atomic<std::uint64_t> resolved_{0};
};

class TrimmedView final : public BlockSource {
 public:
  // `options` of a state of the space; empty for a linear one.
  TrimmedView(std::shared_ptr<const TrimmedSpace> space,
              std::vector<std::uint32_t> options, std::uint16_t device)
      : space_(std::move(space)),
        view_(CrashState{space_->space(), std::move(options)}, device) {}

  std::uint64_t size_bytes() const override { return view_.size_bytes(); }

  void read(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    space_->read(view_, offset_bytes, out);
  }

 private:
  std::shared_ptr<const TrimmedSpace> space_;
  StateView view_;
};

}  // namespace powercut
