// SPDX-License-Identifier: GPL-2.0-only
//
// The mounts of this process, as /proc/self/mountinfo lists them.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct MountEntry {
  std::filesystem::path target;
  std::string type;    // "fuse.powercut"
  std::string source;  // "/dev/loop0", "powercut-<id>"
};

// In the order of mounting. Lines that make no sense are left out.
std::vector<MountEntry> parse_mount_table(std::string_view text);

// Of this process; empty if /proc is not there.
std::vector<MountEntry> read_mount_table();

}  // namespace powercut
