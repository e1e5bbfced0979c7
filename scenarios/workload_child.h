// SPDX-License-Identifier: GPL-2.0-only
//
// What a VisitProcess does to record a workload: mounts the disk, performs the workload,
// unmounts. The child does it; its parent, who serves the disk, only passes marks on.
//
//   to it     perform (device, mount point, file system, options, text of the workload),
//             marked (empty, or why not)
//   from it   mark (text), performed

#pragma once

#include "base/result.h"
#include "device/guest/channel.h"
#include "device/visit_process.h"
#include "workload/operation.h"
#include "workload/perform.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace powercut {

struct WorkloadPlace {
  std::filesystem::path device;
  std::filesystem::path mountpoint;
  std::string file_system;  // "none": the device itself is worked on
  std::string mount_options;
};

// How it went in the child.
struct WorkloadEnd {
  PerformResult performed;
  // Why the disk was not mounted, or not unmounted; empty: it was.
  std::string mount_problem;
};

// For VisitProcess::start().
VisitService workload_service();

GuestMessage perform_message(const WorkloadPlace& place, const Workload& workload,
                             std::chrono::milliseconds limit);
// The answer to a mark.
GuestMessage marked_message(const Status& status);
Result<WorkloadEnd> read_performed(const GuestMessage& message);

}  // namespace powercut
