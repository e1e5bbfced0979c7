// SPDX-License-Identifier: GPL-2.0-only
//
// Records a workload without any kernel module: a served disk under a loop device, with
// a file system on it (or raw), and every event of its life in a format-2 log, from mkfs
// through unmount.

#pragma once

#include "base/result.h"
#include "base/subprocess.h"
#include "device/run_dir.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace powercut {

struct LoopRecordingOptions {
  std::filesystem::path log;
  std::string file_system;  // "ext4"; empty: the raw device
  std::vector<std::string> mkfs_options;
  std::string mount_options;         // as mount -o takes them
  std::uint64_t size_bytes = 0;      // of a new disk
  std::filesystem::path image;       // record over a copy of it, without mkfs
  std::filesystem::path keep_image;  // the disk's final bytes go here
  std::uint32_t block_bytes = 512;   // logical block size of the disk
  std::vector<std::string> command;  // the workload
};

struct LoopRecordingResult {
  ExitState workload;
  std::uint64_t log_bytes = 0;
};

// Marks in the log: "mkfs" after the file system was made (or "mount" over an image),
// those of the workload, and "end" after unmount. The workload runs in the mounted file
// system (raw: in the run directory) with POWERCUT_MOUNT, POWERCUT_DEVICE and the control
// socket in its environment. After a failure or an interruption the log holds what was
// recorded until then, closed cleanly if that was possible.
Result<LoopRecordingResult> record_on_loop(const LoopRecordingOptions& options,
                                           const RunDir& run_dir);

}  // namespace powercut
