// SPDX-License-Identifier: GPL-2.0-only

#include "cli/progress_line.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>

namespace powercut {

namespace {

// Windows go at about the same pace; before the first is done nothing can be said.
std::string time_left(const Progress& progress) {
  if (progress.windows_decided == 0 || progress.windows_decided == progress.windows) {
    return "";
  }
  double left = progress.seconds / static_cast<double>(progress.windows_decided) *
                static_cast<double>(progress.windows - progress.windows_decided);
  return fmt::format(", about {:.0f} s left", left);
}

}  // namespace

ProgressLine::ProgressLine() : terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  clear();
}

void ProgressLine::show(const Progress& progress) {
  constexpr double kPlainEverySeconds = 10;
  std::string line = fmt::format(
      "{}/{} windows, {:.1f} % of their states, {} runs, {} findings, {:.0f} s{}",
      progress.windows_decided, progress.windows, progress.share_decided * 100,
      progress.runs, progress.findings, progress.seconds, time_left(progress));
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
    std::fflush(stderr);
    shown_ = true;
  } else if (progress.seconds - last_plain_ >= kPlainEverySeconds) {
    last_plain_ = progress.seconds;
    fmt::print(stderr, "powercut: {}\n", line);
  }
}

void ProgressLine::clear() {
  if (shown_) {
    fmt::print(stderr, "\r\033[K");
    std::fflush(stderr);
    shown_ = false;
  }
}

}  // namespace powercut
