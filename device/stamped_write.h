// SPDX-License-Identifier: GPL-2.0-only
//
// Writes stamped data (base/stamp.h) into a file, as a workload does whose data a checker
// shall know again.

#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>

namespace powercut {

enum class StampSync { kNone, kData, kFile };  // afterwards: nothing, fdatasync, fsync

struct StampedWrite {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 4096;
  std::uint64_t sequence = 1;
  bool direct = false;  // O_DIRECT
  StampSync sync = StampSync::kNone;
};

// Creates the file if it is not there. Offset and length are multiples of 512; with
// `direct` of the file system's block, or the kernel refuses. An Error of kind kUsage if
// the file system has no inode generations, without which a stamp means nothing.
Status write_stamped(const std::filesystem::path& path, const StampedWrite& write);

}  // namespace powercut
