// SPDX-License-Identifier: GPL-2.0-only

#include "replay/state_view.h"

#include "base/ensure.h"

#include <algorithm>

namespace powercut {

StateView::StateView(CrashState state, std::uint16_t device)
    : state_(std::move(state)), device_(device) {}

std::uint64_t StateView::size_bytes() const {
  return state_.space->recording().size_bytes(device_);
}

void StateView::read(std::uint64_t offset_bytes, std::span<std::byte> out) const {
  PC_ENSURE(offset_bytes + out.size() <= size_bytes(), "a read within the device");
  const StateSpace& space = *state_.space;
  std::uint32_t unit_bytes = space.unit_bytes();
  while (!out.empty()) {
    std::uint32_t skip = static_cast<std::uint32_t>(offset_bytes % unit_bytes);
    std::size_t part = std::min<std::size_t>(out.size(), unit_bytes - skip);
    UnitKey unit = make_unit(device_, offset_bytes / unit_bytes);
    space.read_version(unit, space.version_at(unit, state_.options), skip,
                       out.first(part));
    out = out.subspan(part);
    offset_bytes += part;
  }
}

std::shared_ptr<const StateView> linear_view(std::shared_ptr<const Recording> recording,
                                             Cut cut, std::uint16_t device) {
  return std::make_shared<const StateView>(
      CrashState{StateSpace::linear(std::move(recording), cut), {}}, device);
}

}  // namespace powercut
