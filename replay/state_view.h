// SPDX-License-Identifier: GPL-2.0-only
//
// One device of a crash state, as a BlockSource: what a served disk shows. Made in
// constant time; nothing is replayed and nothing copied until it is read.

#pragma once

#include "base/block_source.h"
#include "replay/crash_state.h"

#include <cstdint>
#include <memory>

namespace powercut {

class StateView : public BlockSource {
 public:
  StateView(CrashState state, std::uint16_t device);

  std::uint64_t size_bytes() const override;
  void read(std::uint64_t offset_bytes, std::span<std::byte> out) const override;

 private:
  CrashState state_;
  std::uint16_t device_;
};

// A view of everything completed before `cut`, in order of completion.
std::shared_ptr<const StateView> linear_view(std::shared_ptr<const Recording> recording,
                                             Cut cut, std::uint16_t device);

}  // namespace powercut
