// SPDX-License-Identifier: GPL-2.0-only
//
// A block device that a user named: what it is, and who uses it.

#pragma once

#include "base/result.h"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace powercut {

// Passive data, as things were when it was looked up.
struct BlockDevice {
  std::filesystem::path path;  // as the user named it
  dev_t number = 0;
  std::uint64_t size_bytes = 0;
  std::uint32_t logical_block_bytes = 512;

  std::uint64_t sectors() const { return size_bytes / 512; }

  // "8:16", as the kernel takes devices in a table line.
  std::string number_text() const;

  static Result<BlockDevice> look_up(const std::filesystem::path& path);

  // An Error that names the mount or the device on it if somebody uses it exclusively.
  Status check_unused() const;

  // Writes zeros all over it, and drops what the kernel caches of it.
  Status write_zeros() const;

  // Drops what the kernel caches of it: after others have written past the cache.
  Status drop_cache() const;
};

// "it is mounted on /mnt", "dm-0 (name) uses it", or "somebody has it open".
std::string name_users(const BlockDevice& device);

}  // namespace powercut
