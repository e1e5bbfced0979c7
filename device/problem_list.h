// SPDX-License-Identifier: GPL-2.0-only
//
// What went wrong in a mounted file system, a line each, at most a hundred.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

inline constexpr std::size_t kMaxProblems = 100;

// Not thread-safe.
class ProblemList {
 public:
  // "readdir /a: Input/output error"; the path is escaped.
  void add(std::string_view operation, std::string_view path, int error_number);

  void add_line(std::string line);

  // The lines, with one behind them that counts those that found no room.
  std::vector<std::string> take();

 private:
  std::vector<std::string> lines_;
  std::size_t dropped_ = 0;
};

}  // namespace powercut
