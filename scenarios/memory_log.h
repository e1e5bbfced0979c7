// SPDX-License-Identifier: GPL-2.0-only
//
// A file without a name, in memory, for a log that is read as soon as it is written.

#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <filesystem>

namespace powercut {

// The path is good for this process and its children as long as the object lives.
class MemoryLog {
 public:
  static Result<MemoryLog> make();

  const std::filesystem::path& path() const { return path_; }

 private:
  MemoryLog() = default;

  Fd fd_;
  std::filesystem::path path_;
};

}  // namespace powercut
