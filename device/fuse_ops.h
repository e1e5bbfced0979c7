// SPDX-License-Identifier: GPL-2.0-only
//
// The requests of the kernel to a DiskServer, as FUSE low-level operations.

#pragma once

#include "device/disk_server.h"
#include "device/fuse_api.h"

#include <cstdint>
#include <vector>

namespace powercut {

// What the operations work on; the userdata of the session. Read-only once the session
// has started.
struct FuseDirectory {
  std::vector<DiskFile> files;
  bool read_only = false;
};

// The inode of file `index`: 1 is the directory.
constexpr fuse_ino_t inode_of_file(std::size_t index) {
  return index + 2;
}

const fuse_lowlevel_ops& disk_operations();

}  // namespace powercut
