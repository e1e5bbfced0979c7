// SPDX-License-Identifier: GPL-2.0-only
//
// Records a workload in a guest: with the log-writes target in the guest's kernel, or
// with a served disk of this machine under the guest, which needs no module there.

#pragma once

#include "base/result.h"
#include "device/guest/guest.h"
#include "device/run_dir.h"
#include "scenarios/recorded_workload.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

struct GuestRecordingOptions {
  enum class Recorder {
    kKernel,  // log-writes in the guest; sees requests as the block layer sends them
    kServed,  // a served disk; sees them as QEMU sends them
  };
  Recorder recorder = Recorder::kKernel;

  struct Disk {
    std::string name;  // in the log
    std::uint64_t size_bytes = 0;
    std::optional<std::uint32_t> domain = {};  // see DmRecordingOptions
  };

  GuestOptions guest;  // its disks are added; kKernel needs the target's module in it
  WorkloadOptions workload;
  std::filesystem::path log;
  std::filesystem::path keep_image;  // the disk's final bytes go here
  std::uint64_t size_bytes = 0;      // of the disk
  std::vector<Disk> disks;           // kKernel: several in its place; empty: that one
  bool quiet = false;                // the workload's output is collected
  std::uint64_t log_size_bytes = std::uint64_t{4} << 30;  // kKernel: room for the log
  std::uint32_t block_bytes = 512;                        // logical block of the disk
  // kKernel: more options of `record --on dm` in the guest.
  std::vector<std::string> target_options;
};

struct GuestRecordingResult {
  ExitState workload;
  std::uint64_t log_bytes = 0;
  std::string kernel;                   // kKernel: as kernel_text() says it
  std::optional<GuestFailure> failure;  // the guest's; the log holds all until then
  // Why there is none, where the workload or the guest failed too.
  std::optional<Error> no_log;
};

// The log has the marks that run_recorded_workload() says. The output of the workload
// goes to our stdout and stderr. Whatever becomes of the guest, the log is kept if
// anything was recorded.
Result<GuestRecordingResult> record_in_guest(const GuestRecordingOptions& options,
                                             const RunDir& run_dir);

}  // namespace powercut
