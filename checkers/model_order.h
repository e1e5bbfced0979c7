// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: the smallest of orders (docs/models.md): if the record is there, which is
//   written when a and b are taken to be durable, both hold their data.
// When: logs of `powercut model order`.
// Does NOT verify: what a and b hold without the record: anything is permitted then.
// Known false alarms: none.

#pragma once

#include "checkers/checker.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace powercut {

// Blocks of the one device.
inline constexpr std::uint64_t kOrderBlockBytes = 4096;
inline constexpr std::uint64_t kOrderA = 0;
inline constexpr std::uint64_t kOrderB = 1;
inline constexpr std::uint64_t kOrderRecord = 2;
inline constexpr std::uint64_t kOrderBlocks = 3;

// What is written to one of these blocks.
std::vector<std::byte> order_data(std::uint64_t block);

Result<std::unique_ptr<Checker>> make_order_checker(const CheckerOptions& options);

}  // namespace powercut
