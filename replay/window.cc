// SPDX-License-Identifier: GPL-2.0-only

#include "replay/window.h"

#include "replay/oracle.h"

#include <algorithm>

namespace powercut {

std::vector<Window> list_windows(const Timeline& timeline, const Durability& durability,
                                 Cut from, Cut to,
                                 const std::vector<EventPos>& boundaries) {
  std::vector<Cut> cuts;
  for (EventPos point : boundaries) {
    if (point >= from && point < to) {
      cuts.push_back(point);
    }
  }
  for (EventPos point : durability.growth_points()) {
    if (point >= from && point < to) {
      cuts.push_back(point);
    }
  }
  cuts.push_back(to);
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  bool ordered = durability.model().device == DeviceModel::kOrdered;
  std::vector<Window> windows;
  for (Cut cut : cuts) {
    const std::size_t stage = stage_at(boundaries, cut);
    if (windows.empty() || ordered || stage != windows.back().stage ||
        !durability.pending(timeline, cut).empty()) {
      windows.push_back(Window{windows.size(), cut, stage});
    }
  }
  return windows;
}

}  // namespace powercut
