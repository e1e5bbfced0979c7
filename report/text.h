// SPDX-License-Identifier: GPL-2.0-only
//
// Numbers as people read them.

#pragma once

#include "base/big_count.h"

#include <cstdint>
#include <string>

namespace powercut {

// "67,800,106"; from 19 digits on "3.10 * 10^26", cut and not rounded.
std::string count_text(const BigCount& count);

// "64 MiB", "1536 bytes".
std::string bytes_text(std::uint64_t bytes);

// "1 window", "2 windows".
std::string plural(std::uint64_t count, const std::string& noun);

}  // namespace powercut
