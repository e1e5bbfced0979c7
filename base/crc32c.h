// SPDX-License-Identifier: GPL-2.0-only
//
// CRC32C (Castagnoli), as the log's segments and superblocks carry it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace powercut {

// Extendable: crc32c(b, crc32c(a)) is the checksum of a followed by b. Uses the
// processor's instruction where there is one.
std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t seed = 0);

// The same by table, on any processor: the reference that tests compare with.
std::uint32_t crc32c_portable(std::span<const std::byte> data, std::uint32_t seed = 0);

}  // namespace powercut
