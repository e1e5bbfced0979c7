// SPDX-License-Identifier: GPL-2.0-only
//
// Messages for people on stderr: where they cannot be written, that is no error of ours.

#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace powercut {

// As fmt::print(stderr, ...), which throws if stderr is full or closed.
template <typename... Arguments>
void print_error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  const std::string text = fmt::format(format, std::forward<Arguments>(arguments)...);
  [[maybe_unused]] const std::size_t written =
      std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace powercut
