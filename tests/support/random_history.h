// SPDX-License-Identifier: GPL-2.0-only
//
// Random small histories: writes in flight together, FUA, failed and unstable ones,
// discards, flushes that begin early and end late, requests that never complete.

#pragma once

#include "base/random.h"
#include "tests/support/history.h"

#include <cstddef>
#include <cstdint>

namespace powercut::test {

struct HistoryShape {
  std::uint16_t devices = 1;
  bool one_domain = false;         // of all devices
  std::uint64_t sectors = 4;       // of each device
  std::uint64_t grain = 1;         // places and lengths are multiples of it
  std::uint64_t most_sectors = 3;  // of a write
  std::size_t writes = 5;
  std::size_t most_open = 4;  // requests in flight together
  bool trouble = true;        // failed and unstable writes
};

History random_history(Random& random, const HistoryShape& shape);

}  // namespace powercut::test
