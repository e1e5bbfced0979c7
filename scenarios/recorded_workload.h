// SPDX-License-Identifier: GPL-2.0-only
//
// The life of a workload on disks that a recorder watches: mkfs, mount, the command,
// unmount, and the marks between. It does not know what records.

#pragma once

#include "base/result.h"
#include "base/subprocess.h"
#include "device/run_dir.h"
#include "scenarios/control_socket.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

struct WorkloadOptions {
  std::string file_system;  // "ext4"; empty: the raw devices
  std::vector<std::string> mkfs_options;
  std::string mount_options;             // as mount -o takes them
  bool make_file_system = true;          // false: the first device has one already
  std::vector<std::string> command;      // the workload
  std::chrono::milliseconds timeout{0};  // of the command; 0: none
  bool inherit_output = true;            // false: what it prints is in the ExitState
};

// The command line that makes the file system on `device`.
std::vector<std::string> mkfs_command(const WorkloadOptions& options,
                                      const std::filesystem::path& device);

// Marks that `mark` gets: "mkfs" after the file system was made (or "mount" over one
// that was there), those of the workload, and "end" after unmount. The file system is on
// the first of `devices`. The command runs in it (raw: in the run directory) with
// POWERCUT_MOUNT, POWERCUT_DEVICE, POWERCUT_DEVICE1, ... and the control socket in its
// environment. `mark` is called from two threads, not at once while the command runs.
// Whatever happens, nothing is mounted when this returns.
Result<ExitState> run_recorded_workload(const WorkloadOptions& options,
                                        const std::vector<std::filesystem::path>& devices,
                                        const RunDir& run_dir,
                                        const ControlSocket::MarkHandler& mark);

}  // namespace powercut
