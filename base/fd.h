// SPDX-License-Identifier: GPL-2.0-only
//
// An owned file descriptor, and the whole-buffer reads and writes on it.

#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace powercut {

// Move-only; closes on destruction. -1 is "none".
class Fd {
 public:
  Fd() = default;

  explicit Fd(int fd) : fd_(fd) {}

  ~Fd() { reset(); }

  Fd(Fd&& other) noexcept : fd_(other.release()) {}

  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  int get() const { return fd_; }

  bool valid() const { return fd_ >= 0; }

  int release();
  void reset();

  // open(2) with O_CLOEXEC added; the Error names the path.
  static Result<Fd> open(const std::filesystem::path& path, int flags,
                         unsigned mode = 0644);

 private:
  int fd_ = -1;
};

// Writes all of `data` at `offset_bytes`, through short writes and EINTR.
Status write_fully(const Fd& fd, std::span<const std::byte> data,
                   std::uint64_t offset_bytes, const std::filesystem::path& name);

// Reads all of `out`; a short file is an Error that says where it ended.
Status read_fully(const Fd& fd, std::span<std::byte> out, std::uint64_t offset_bytes,
                  const std::filesystem::path& name);

// Size in bytes of a regular file or block device.
Result<std::uint64_t> size_of(const Fd& fd, const std::filesystem::path& name);

}  // namespace powercut
