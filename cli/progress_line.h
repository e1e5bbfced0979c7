// SPDX-License-Identifier: GPL-2.0-only
//
// How far a check is: one line that is redrawn on a terminal, a plain line every ten
// seconds otherwise. On stderr.

#pragma once

#include "replay/explorer.h"

#include <string>

namespace powercut {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const Progress& progress);
  // A line of another kind; on a terminal only.
  void show_text(const std::string& line);
  // Takes the line away, before something else is printed.
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
  double last_plain_ = 0;
  std::size_t last_windows_ = 0;
  double last_window_at_ = 0;
};

}  // namespace powercut
