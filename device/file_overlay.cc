// SPDX-License-Identifier: GPL-2.0-only

#include "device/file_overlay.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace powercut {
namespace {

constexpr std::uint64_t kCopyBytes = 1 << 20;
constexpr std::uint64_t kHoleBytes = 4096;

bool is_zero(std::span<const std::byte> data) {
  return std::ranges::all_of(data, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

Result<std::unique_ptr<FileOverlay>> FileOverlay::create(
    const std::filesystem::path& path, std::uint64_t size_bytes) {
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(path, O_RDWR | O_CREAT | O_TRUNC));
  if (::ftruncate(fd.get(), static_cast<off_t>(size_bytes)) != 0) {
    return fail(system_error(
        fmt::format("cannot make {} {} bytes long", path.native(), size_bytes), errno));
  }
  return std::unique_ptr<FileOverlay>(new FileOverlay(std::move(fd), size_bytes));
}

Result<std::unique_ptr<FileOverlay>> FileOverlay::create_from(
    const std::filesystem::path& path, const BlockSource& base) {
  const std::uint64_t size = base.size_bytes();
  PC_ASSIGN_OR_RETURN(std::unique_ptr<FileOverlay> overlay, create(path, size));
  std::vector<std::byte> buffer(kCopyBytes);
  for (std::uint64_t at = 0; at < size; at += kCopyBytes) {
    const std::span<std::byte> part =
        std::span(buffer).first(std::min(kCopyBytes, size - at));
    base.read(at, part);
    for (std::uint64_t from = 0; from < part.size(); from += kHoleBytes) {
      const std::span<const std::byte> block =
          part.subspan(from, std::min(kHoleBytes, part.size() - from));
      if (!is_zero(block)) {
        PC_RETURN_IF_ERROR(write_fully(overlay->fd_, block, at + from, path));
      }
    }
  }
  return overlay;
}

Result<std::unique_ptr<FileOverlay>> FileOverlay::open(
    const std::filesystem::path& path) {
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(path, O_RDWR));
  PC_ASSIGN_OR_RETURN(const std::uint64_t size, size_of(fd, path));
  return std::unique_ptr<FileOverlay>(new FileOverlay(std::move(fd), size));
}

int FileOverlay::read(std::uint64_t offset_bytes, std::span<std::byte> out,
                      const BlockSource* /*base*/) const {
  while (!out.empty()) {
    const ssize_t got =
        ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset_bytes));
    if (got == 0) {
      return EIO;  // the file was cut under us
    }
    if (got > 0) {
      out = out.subspan(static_cast<std::size_t>(got));
      offset_bytes += static_cast<std::uint64_t>(got);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

int FileOverlay::write(std::uint64_t offset_bytes, std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t put =
        ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset_bytes));
    if (put > 0) {
      data = data.subspan(static_cast<std::size_t>(put));
      offset_bytes += static_cast<std::uint64_t>(put);
    } else if (put == 0 || errno != EINTR) {
      return put == 0 ? EIO : errno;
    }
  }
  return 0;
}

int FileOverlay::zero(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  if (::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  static_cast<off_t>(offset_bytes),
                  static_cast<off_t>(length_bytes)) == 0) {
    return 0;
  }
  if (errno != EOPNOTSUPP) {
    return errno;
  }
  const std::vector<std::byte> zeros(std::min(kCopyBytes, length_bytes));
  for (std::uint64_t done = 0; done < length_bytes; done += zeros.size()) {
    const std::uint64_t length =
        std::min<std::uint64_t>(zeros.size(), length_bytes - done);
    if (const int error = write(offset_bytes + done, std::span(zeros).first(length));
        error != 0) {
      return error;
    }
  }
  return 0;
}

bool FileOverlay::covers(std::uint64_t /*offset_bytes*/,
                         std::uint64_t /*length_bytes*/) const {
  return true;
}

int FileOverlay::reset() {
  return zero(0, size_bytes_);
}

}  // namespace powercut
