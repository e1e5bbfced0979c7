// SPDX-License-Identifier: GPL-2.0-only

#include "replay/trimmed_view.h"

#include <mutex>

namespace powercut {

Result<CrashState> TrimmedSpace::state(const std::string& id) const {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  return state_from_id(space_, id);
}

void TrimmedSpace::read(const StateView& view, std::uint64_t offset_bytes,
                        std::span<std::byte> out) const {
  {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    view.read(offset_bytes, out);
  }
  // Counts what is read again too: to trim early costs some look-ups, and no harm.
  const std::uint64_t units = out.size() / space_->unit_bytes() + 2;
  if (resolved_.fetch_add(units) + units > most_units_) {
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    space_->trim();
    resolved_ = 0;
  }
}

}  // namespace powercut
