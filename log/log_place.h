// SPDX-License-Identifier: GPL-2.0-only
//
// A block device that a log is to be written to, or was written to.

#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>

namespace powercut {

// What is there before a log is written.
enum class LogPlace {
  kBlank,  // zeros, as far as a look at the first and the last MiB can tell
  kLog,    // a log of either format begins there
  kOther,  // something that would be lost
};

Result<LogPlace> look_at_log_place(const std::filesystem::path& path);

// Where the log on a device ends.
Result<std::uint64_t> log_bytes(const std::filesystem::path& path);

// Copies a log, from its begin to its end and no further, into a file that comes to be
// whole or not at all; zeros take no room. Returns the number of bytes. What lies behind
// damage in the log is not copied.
Result<std::uint64_t> copy_log(const std::filesystem::path& from,
                               const std::filesystem::path& to);

}  // namespace powercut
