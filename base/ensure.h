// SPDX-License-Identifier: GPL-2.0-only
//
// ensure(condition, "what") stops the program on a bug of ours. Always on, in release
// too: a harness that goes on after a broken invariant certifies nonsense.

#pragma once

#include <string_view>

namespace powercut {

[[noreturn]] void ensure_failed(std::string_view condition, std::string_view what,
                                const char* file, int line);

}  // namespace powercut

#define PC_ENSURE(condition, what)                                       \
  do {                                                                   \
    if (!(condition)) {                                                  \
      ::powercut::ensure_failed(#condition, (what), __FILE__, __LINE__); \
    }                                                                    \
  } while (false)
