// SPDX-License-Identifier: GPL-2.0-only
//
// A loop device on an open file: the way from a served disk to a kernel file system.

#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace powercut {

// Move-only; not thread-safe. The destructor detaches. The kernel detaches too when the
// process dies and nothing holds the device (LO_FLAGS_AUTOCLEAR).
class LoopDevice {
 public:
  struct Options {
    std::uint32_t block_bytes = 512;  // logical block size: 512, 1024, 2048 or 4096
    bool direct_io = false;           // open the file with O_DIRECT for this
    bool read_only = false;
    bool read_ahead = false;  // false: a read reads what was asked for, no more
  };

  // `file` is needed until attach() returns only.
  static Result<LoopDevice> attach(const Fd& file, const Options& options);
  ~LoopDevice();
  LoopDevice(LoopDevice&& other) noexcept;
  LoopDevice& operator=(LoopDevice&& other) noexcept;
  LoopDevice(const LoopDevice&) = delete;
  LoopDevice& operator=(const LoopDevice&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Writes out and drops what the kernel caches of the device itself.
  Status flush_cache() const;

  // Detaches and waits until the kernel has let go of the file, for five seconds.
  Status detach();

 private:
  LoopDevice(std::filesystem::path path, Fd fd, std::string backing_file);

  std::filesystem::path path_;
  Fd fd_;                     // none: detached
  std::string backing_file_;  // as the kernel names it
};

// Detaches /dev/<name> and waits as above; no error if it is detached already.
Status detach_loop(const std::string& name);

// What /sys says of the file behind loop `name` ("loop3"); empty: nothing.
std::string loop_backing_file(const std::string& name);

}  // namespace powercut
