// SPDX-License-Identifier: GPL-2.0-only
//
// Workloads on the raw disk (`fs none`): the disk is one file, named "disk", that is
// there from the begin, has its size for ever, and holds what it held before until it is
// written.

#pragma once

#include "base/result.h"
#include "workload/operation.h"

#include <string>

namespace powercut {

inline constexpr const char* kRawDiskName = "disk";

// An Error (kUsage) with `name`, line and operation about the first that makes no sense
// there: one of names, sizes or attributes, or of another file.
Status check_raw_workload(const Workload& workload, const std::string& name);

}  // namespace powercut
