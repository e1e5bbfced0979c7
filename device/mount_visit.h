// SPDX-License-Identifier: GPL-2.0-only
//
// Mounts a disk, looks around as a MountRequest says, and unmounts it: the work itself,
// in the calling thread and for as long as the kernel takes. VisitProcess does it with a
// bound on the time.

#pragma once

#include "base/mount_report.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

namespace powercut {

struct VisitPlace {
  std::filesystem::path device;      // a block device
  std::filesystem::path mountpoint;  // an existing directory
  // The kernel logs what others do too: keep only what is about this disk.
  bool shared_kernel = true;
};

// Makes a block device ready for a state that it did not show before: writes out and
// drops what the kernel caches of it, and switches its read-ahead off. Returns its
// logical block.
Result<std::uint32_t> prepare_device(const std::filesystem::path& device);

// Before each mount what the kernel caches of the device is dropped, and its read-ahead
// is switched off, for the disk may show another state than the last time. The mount has
// "noatime" before the options that were asked for: to look is not to write.
//
// What mount(2) says is in the report, but for what says that nothing can be mounted
// here: the kernel has not this file system, or we are not root. Those are Errors of kind
// kMissing; that there is no such device is one too. `begin_unit` as Mounter::mount()
// says; `timed_out` and `machine_failure` are never set.
Result<MountReport> visit_mount(const VisitPlace& place, const MountRequest& request,
                                const std::function<void(std::size_t unit)>& begin_unit);

}  // namespace powercut
