// SPDX-License-Identifier: GPL-2.0-only

#include "cli/progress_line.h"

#include "base/print_error.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace powercut {

namespace {

// The windows that are left may all be like the one that takes so long now.
std::string time_left(const Progress& progress, double last_window_at) {
  if (progress.windows_decided == 0 || progress.windows_decided == progress.windows) {
    return "";
  }
  double a_window =
      std::max(progress.seconds / static_cast<double>(progress.windows_decided),
               progress.seconds - last_window_at);
  double left =
      a_window * static_cast<double>(progress.windows - progress.windows_decided);
  return fmt::format(", about {:.0f} s left", left);
}

}  // namespace

ProgressLine::ProgressLine() : terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  clear();
}

void ProgressLine::show(const Progress& progress) {
  constexpr double kPlainEverySeconds = 10;
  if (progress.windows_decided != last_windows_) {
    last_windows_ = progress.windows_decided;
    last_window_at_ = progress.seconds;
  }
  std::string line = fmt::format(
      "{}/{} windows, {:.1f} % of their states, {} runs, {} findings, {:.0f} s{}",
      progress.windows_decided, progress.windows, progress.share_decided * 100,
      progress.runs, progress.findings, progress.seconds,
      time_left(progress, last_window_at_));
  if (terminal_) {
    show_text(line);
  } else if (progress.seconds - last_plain_ >= kPlainEverySeconds) {
    last_plain_ = progress.seconds;
    print_error("powercut: {}\n", line);
  }
}

void ProgressLine::show_text(const std::string& line) {
  if (terminal_) {
    print_error("\r\033[K{}", line);
    std::fflush(stderr);
    shown_ = true;
  }
}

void ProgressLine::clear() {
  if (shown_) {
    print_error("\r\033[K");
    std::fflush(stderr);
    shown_ = false;
  }
}

}  // namespace powercut
