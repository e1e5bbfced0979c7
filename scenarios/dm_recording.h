// SPDX-License-Identifier: GPL-2.0-only
//
// Records a workload in the kernel: the device-mapper target log-writes over disks of the
// user, and every event of their life in a log on another disk, from mkfs through
// unmount.

#pragma once

#include "base/result.h"
#include "base/subprocess.h"
#include "device/log_target.h"
#include "device/run_dir.h"
#include "scenarios/recorded_workload.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

struct DmRecordingOptions {
  struct Disk {
    std::filesystem::path path;
    std::string name;  // in the log and in /dev/mapper; empty: one is made up
    // Disks of one domain share one volatile cache. None: its own, the number of the
    // disk.
    std::optional<std::uint32_t> domain = {};
  };

  std::vector<Disk> disks;         // what is recorded; all but the workload is lost
  std::filesystem::path log;       // the log's block device
  std::filesystem::path log_copy;  // a file the log is copied to; empty: none
  bool force = false;              // overwrite what is on the log's device
  bool zero = false;               // write zeros to the disks before
  LogTargetOptions target;         // its domain is not looked at
  WorkloadOptions workload;
};

struct DmRecordingResult {
  ExitState workload;
  std::uint64_t log_bytes = 0;
  LogStatus status;  // at the end, before the targets went
};

// The log has the marks that run_recorded_workload() says. Whatever happens, nothing is
// mounted afterwards and the targets are gone, or will be when their last user closes
// them; the log is readable and, if it is asked for, copied. A log that got full is an
// Error that says so, whatever the workload said.
Result<DmRecordingResult> record_on_dm(const DmRecordingOptions& options,
                                       const RunDir& run_dir);

}  // namespace powercut
