// SPDX-License-Identifier: GPL-2.0-only

#include "device/problem_list.h"

#include "base/file_tree.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace powercut {

void ProblemList::add(std::string_view operation, std::string_view path,
                      int error_number) {
  add_line(fmt::format("{} {}: {}", operation, escape_name(path),
                       std::generic_category().message(error_number)));
}

void ProblemList::add_line(std::string line) {
  if (lines_.size() + 1 < kMaxProblems) {
    lines_.push_back(std::move(line));
  } else {
    ++dropped_;
  }
}

std::vector<std::string> ProblemList::take() {
  if (dropped_ != 0) {
    lines_.push_back(fmt::format("and {} more", dropped_));
  }
  dropped_ = 0;
  return std::exchange(lines_, {});
}

}  // namespace powercut
