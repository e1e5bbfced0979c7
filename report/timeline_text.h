// SPDX-License-Identifier: GPL-2.0-only
//
// The timeline in a terminal: a character is a stretch of events and of sectors.

#pragma once

#include "report/timeline_data.h"

#include <string>

namespace powercut {

struct TextPlotOptions {
  std::size_t columns = 100;  // of the terminal; at least 40
  std::size_t rows = 0;       // of each device; 0: as many as suit
  bool ascii = false;
  bool by_time = false;
};

std::string timeline_text(const TimelineData& data, const TextPlotOptions& options);

}  // namespace powercut
