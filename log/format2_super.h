// SPDX-License-Identifier: GPL-2.0-only
//
// The superblock of a format-2 log: two slots, of which the valid one with the higher
// generation counts.

#pragma once

#include "base/result.h"
#include "log/event.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace powercut {

using LogUuid = std::array<std::uint8_t, 16>;

struct Format2Super {
  std::uint64_t generation = 0;
  LogUuid uuid{};
  std::uint64_t log_bytes = 0;  // 0: a file that grows
  std::uint32_t block_bytes = 4096;
  std::uint64_t created_ns = 0;
  bool clean = false;
  std::uint64_t tail_offset = 0;
  std::uint64_t tail_seq = 0;
  std::vector<Device> devices;
};

// The slot that counts. With both slots bad the Error names both causes.
Result<Format2Super> read_super(std::span<const std::byte> file, const std::string& name);

// Fails if a device's name, or their number, does not fit.
Status check_devices(const std::vector<Device>& devices);

// The bytes of a slot; check_devices() has accepted the devices.
std::vector<std::byte> encode_super(const Format2Super& super);

// Where the superblock of this generation is written.
std::uint64_t slot_offset(std::uint64_t generation);

}  // namespace powercut
