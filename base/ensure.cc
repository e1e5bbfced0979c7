// SPDX-License-Identifier: GPL-2.0-only

#include "base/ensure.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace powercut {

void ensure_failed(std::string_view condition, std::string_view what, const char* file,
                   int line) {
  fmt::print(stderr, "powercut: internal error: {} ({}) at {}:{}\n", what, condition,
             file, line);
  std::abort();
}

}  // namespace powercut
