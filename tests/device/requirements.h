// SPDX-License-Identifier: GPL-2.0-only
//
// Device tests need root, FUSE and loop devices. Without, the program exits with 77 and
// says why. They run in a mount namespace of their own, so that a failed one leaves no
// mounts on the machine.

#pragma once

#include "device/disk_server.h"
#include "device/run_dir.h"
#include "device/served_disk.h"

#include <memory>

namespace powercut::test {

// A run directory with one disk served in it; the disk is borrowed.
struct Served {
  explicit Served(ServedDisk& disk) : Served(std::vector<ServedDisk*>{&disk}) {}

  explicit Served(const std::vector<ServedDisk*>& disks);

  RunDir run = value_or_throw(RunDir::create());
  std::unique_ptr<DiskServer> server;
};

}  // namespace powercut::test
