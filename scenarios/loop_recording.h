// SPDX-License-Identifier: GPL-2.0-only
//
// Records a workload without any kernel module: a served disk under a loop device, with
// a file system on it (or raw), and every event of its life in a format-2 log, from mkfs
// through unmount.

#pragma once

#include "base/result.h"
#include "base/subprocess.h"
#include "device/run_dir.h"
#include "scenarios/recorded_workload.h"

#include <cstdint>
#include <filesystem>

namespace powercut {

struct LoopRecordingOptions {
  std::filesystem::path log;
  WorkloadOptions workload;          // make_file_system is false with an image
  std::uint64_t size_bytes = 0;      // of a new disk
  std::filesystem::path image;       // record over a copy of it, without mkfs
  std::filesystem::path keep_image;  // the disk's final bytes go here
  std::uint32_t block_bytes = 512;   // logical block size of the disk
};

struct LoopRecordingResult {
  ExitState workload;
  std::uint64_t log_bytes = 0;
};

// The log has the marks that run_recorded_workload() says. After a failure or an
// interruption it holds what was recorded until then, closed cleanly if that was
// possible.
Result<LoopRecordingResult> record_on_loop(const LoopRecordingOptions& options,
                                           const RunDir& run_dir);

}  // namespace powercut
