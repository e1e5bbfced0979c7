// SPDX-License-Identifier: GPL-2.0-only

#include "base/fd.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace powercut {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Fd::release() {
  int fd = fd_;
  fd_ = -1;
  return fd;
}

void Fd::reset() {
  if (fd_ >= 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

Result<Fd> Fd::open(const std::filesystem::path& path, int flags, unsigned mode) {
  int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) {
    return fail(system_error(fmt::format("cannot open {}", path.string()), errno));
  }
  return Fd(fd);
}

Status write_fully(const Fd& fd, std::span<const std::byte> data,
                   std::uint64_t offset_bytes, const std::filesystem::path& name) {
  while (!data.empty()) {
    ssize_t n =
        ::pwrite(fd.get(), data.data(), data.size(), static_cast<off_t>(offset_bytes));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return fail(system_error(
          fmt::format("cannot write {} at byte {}", name.string(), offset_bytes),
          n < 0 ? errno : ENOSPC));
    }
    data = data.subspan(static_cast<std::size_t>(n));
    offset_bytes += static_cast<std::uint64_t>(n);
  }
  return {};
}

Status read_fully(const Fd& fd, std::span<std::byte> out, std::uint64_t offset_bytes,
                  const std::filesystem::path& name) {
  while (!out.empty()) {
    ssize_t n =
        ::pread(fd.get(), out.data(), out.size(), static_cast<off_t>(offset_bytes));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return fail(system_error(
          fmt::format("cannot read {} at byte {}", name.string(), offset_bytes), errno));
    }
    if (n == 0) {
      return fail(
          ErrorKind::kBadInput,
          fmt::format("cannot read {}: it ends at byte {}, {} more bytes expected",
                      name.string(), offset_bytes, out.size()));
    }
    out = out.subspan(static_cast<std::size_t>(n));
    offset_bytes += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<std::uint64_t> size_of(const Fd& fd, const std::filesystem::path& name) {
  struct stat status {};

  if (::fstat(fd.get(), &status) != 0) {
    return fail(system_error(fmt::format("cannot stat {}", name.string()), errno));
  }
  if (S_ISBLK(status.st_mode)) {
    std::uint64_t bytes = 0;
    if (::ioctl(fd.get(), BLKGETSIZE64, &bytes) != 0) {
      return fail(
          system_error(fmt::format("cannot get the size of {}", name.string()), errno));
    }
    return bytes;
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(
        ErrorKind::kBadInput,
        fmt::format("{} is neither a regular file nor a block device", name.string()));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace powercut
