// SPDX-License-Identifier: GPL-2.0-only

#include "replay/window.h"

#include <algorithm>

namespace powercut {

std::vector<Window> list_windows(const Timeline& timeline, const Durability& durability,
                                 Cut from, Cut to) {
  std::vector<Cut> cuts;
  for (EventPos point : durability.growth_points()) {
    if (point >= from && point < to) {
      cuts.push_back(point);
    }
  }
  cuts.push_back(to);
  bool ordered = durability.model().device == DeviceModel::kOrdered;
  std::vector<Window> windows;
  for (Cut cut : cuts) {
    if (windows.empty() || ordered || !durability.pending(timeline, cut).empty()) {
      windows.push_back(Window{windows.size(), cut});
    }
  }
  return windows;
}

}  // namespace powercut
