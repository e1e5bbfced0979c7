// SPDX-License-Identifier: GPL-2.0-only
//
// The timeline alone, as an SVG for a page or a paper.

#pragma once

#include "report/timeline_data.h"

#include <string>

namespace powercut {

// Above so many writes, those that fall onto the same place are drawn once, and the
// picture says so.
constexpr std::size_t kMostBarsOfSvg = 4000;

std::string timeline_svg(const TimelineData& data, const std::string& title,
                         bool by_time);

}  // namespace powercut
