// SPDX-License-Identifier: GPL-2.0-only
//
// What those share that mount disks on this machine.

#pragma once

#include "base/result.h"
#include "device/run_dir.h"

#include <filesystem>
#include <string>

namespace powercut {

// A new directory "<prefix>0", "<prefix>1", ... in the run directory.
Result<std::filesystem::path> make_numbered_directory(const RunDir& run_dir,
                                                      const std::string& prefix);

// XFS refuses two file systems of one UUID at a time, and several workers mount disks
// that began as the same: so XFS gets "nouuid". Other options are as they were.
std::string options_for_many(const std::string& file_system, const std::string& options);

}  // namespace powercut
