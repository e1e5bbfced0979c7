// SPDX-License-Identifier: GPL-2.0-only

#include "device/stamped_write.h"

#include "base/fd.h"
#include "base/stamp.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace powercut {

namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;
constexpr std::size_t kAlignment = 4096;

struct Free {
  void operator()(std::byte* memory) const { std::free(memory); }
};

Result<Stamp> identity_of(const Fd& fd, const std::filesystem::path& path) {
  struct stat attributes {};

  if (::fstat(fd.get(), &attributes) != 0) {
    return fail(system_error(fmt::format("cannot look at {}", path.string()), errno));
  }
  long storage = 0;
  if (::ioctl(fd.get(), FS_IOC_GETVERSION, &storage) != 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("cannot stamp {}: its file system has no inode generations",
                            path.string()),
                "ext4, XFS, btrfs and f2fs have them");
  }
  Stamp stamp;
  stamp.inode = attributes.st_ino;
  std::memcpy(&stamp.generation, &storage, sizeof(stamp.generation));
  return stamp;
}

}  // namespace

Status write_stamped(const std::filesystem::path& path, const StampedWrite& write) {
  if (write.offset_bytes % kStampBytes != 0 || write.length_bytes % kStampBytes != 0 ||
      write.length_bytes == 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("cannot stamp {} bytes at {} of {}", write.length_bytes,
                            write.offset_bytes, path.string()),
                "stamps fill sectors of 512 bytes");
  }
  const int flags = O_WRONLY | O_CREAT | (write.direct ? O_DIRECT : 0);
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(path, flags));
  PC_ASSIGN_OR_RETURN(Stamp stamp, identity_of(fd, path));
  stamp.sequence = write.sequence;
  const std::unique_ptr<std::byte, Free> memory(
      static_cast<std::byte*>(std::aligned_alloc(kAlignment, kPieceBytes)));
  const std::span<std::byte> piece(memory.get(), kPieceBytes);
  for (std::uint64_t done = 0; done < write.length_bytes;) {
    const std::size_t length =
        std::min<std::uint64_t>(kPieceBytes, write.length_bytes - done);
    for (std::size_t at = 0; at < length; at += kStampBytes) {
      stamp.offset_bytes = write.offset_bytes + done + at;
      write_stamp(stamp, piece.subspan(at, kStampBytes));
    }
    PC_RETURN_IF_ERROR(
        write_fully(fd, piece.first(length), write.offset_bytes + done, path));
    done += length;
  }
  const int synced = write.sync == StampSync::kData   ? ::fdatasync(fd.get())
                     : write.sync == StampSync::kFile ? ::fsync(fd.get())
                                                      : 0;
  if (synced != 0) {
    return fail(system_error(fmt::format("cannot sync {}", path.string()), errno));
  }
  return {};
}

}  // namespace powercut
