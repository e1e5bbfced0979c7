// SPDX-License-Identifier: GPL-2.0-only
//
// Sizes as users type them.

#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace powercut {

// "4096", "64M", "1.5G" is not one: a whole number and an optional K, M, G or T (powers
// of 1024; an "iB" or "B" may follow).
Result<std::uint64_t> parse_bytes(const std::string& text);

}  // namespace powercut
