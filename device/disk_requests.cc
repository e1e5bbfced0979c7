// SPDX-License-Identifier: GPL-2.0-only

#include "device/disk_requests.h"

#include "device/served_disk.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace powercut {
namespace {

constexpr std::size_t kMaxReadBytes = 1 << 20;

// The reply to an open, as the kernel has it. libfuse 3.14 has no field for parallel
// direct writes (kernel 6.2 and later; older kernels ignore the bit), without which the
// kernel lets one write of a file through at a time.
struct OpenReply {
  std::uint64_t handle = 0;
  std::uint32_t flags = 0;
  std::uint32_t padding = 0;
};

constexpr std::uint32_t kDirectIo = 1U << 0;
constexpr std::uint32_t kParallelDirectWrites = 1U << 6;

WriteFlags flags_of(fuse_req_t request) {
  WriteFlags flags;
  flags.pid = static_cast<std::uint32_t>(fuse_req_ctx(request)->pid);
  return flags;
}

// A loop device sends a discard, and a write-zeroes that may unmap, as PUNCH_HOLE, and a
// write-zeroes that may not as ZERO_RANGE.
int clear_range(ServedDisk& disk, int mode, off_t offset, off_t length,
                const WriteFlags& flags) {
  const std::uint64_t at = static_cast<std::uint64_t>(offset);
  const std::uint64_t size = static_cast<std::uint64_t>(length);
  const int what = mode & ~FALLOC_FL_KEEP_SIZE;
  if (what != 0 && disk.size_bytes() > at) {
    const std::uint64_t inside = std::min(size, disk.size_bytes() - at);
    if (what == FALLOC_FL_PUNCH_HOLE) {
      return disk.discard(at, inside, flags);
    }
    if (what == FALLOC_FL_ZERO_RANGE) {
      return disk.write_zeroes(at, inside, true, flags);
    }
    return EOPNOTSUPP;
  }
  return at + size <= disk.size_bytes() ? 0 : ENOSPC;
}

struct stat common_attributes(std::uint64_t inode) {
  struct stat attributes = {};
  attributes.st_ino = inode;
  attributes.st_uid = ::geteuid();
  attributes.st_gid = ::getegid();
  attributes.st_blksize = 4096;
  return attributes;
}

}  // namespace

void prepare_connection(fuse_conn_info* connection) {
  // Reads go through one buffer of ours; splice costs more calls than it saves copies.
  connection->want &= ~static_cast<unsigned>(
      FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE |
      FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS);
  connection->max_write = kMaxReadBytes;
  connection->max_background = 64;
}

struct stat directory_attributes(std::uint64_t inode) {
  struct stat attributes = common_attributes(inode);
  attributes.st_mode = S_IFDIR | 0755;
  attributes.st_nlink = 2;
  return attributes;
}

struct stat disk_attributes(std::uint64_t inode, std::uint64_t size_bytes,
                            bool read_only) {
  struct stat attributes = common_attributes(inode);
  attributes.st_mode = S_IFREG | (read_only ? 0444 : 0644);
  attributes.st_nlink = 1;
  attributes.st_size = static_cast<off_t>(size_bytes);
  attributes.st_blocks = attributes.st_size / 512;
  return attributes;
}

bool reply_open(fuse_req_t request, std::uint64_t handle) {
  OpenReply reply;
  reply.handle = handle;
  reply.flags = kDirectIo | kParallelDirectWrites;
  return fuse_reply_buf(request, reinterpret_cast<const char*>(&reply), sizeof reply) ==
         0;
}

void reply_read(fuse_req_t request, ServedDisk* disk, std::size_t size, off_t offset) {
  thread_local const std::unique_ptr<std::byte[]> buffer =
      std::make_unique_for_overwrite<std::byte[]>(kMaxReadBytes);
  if (disk == nullptr) {
    fuse_reply_err(request, EISDIR);
    return;
  }
  const std::uint64_t at = static_cast<std::uint64_t>(offset);
  const std::uint64_t disk_size = disk->size_bytes();
  const std::uint64_t left = at < disk_size ? disk_size - at : 0;
  const std::size_t length = std::min<std::size_t>({size, left, kMaxReadBytes});
  if (const int error = disk->read(at, {buffer.get(), length}); error != 0) {
    fuse_reply_err(request, error);
    return;
  }
  fuse_reply_buf(request, reinterpret_cast<const char*>(buffer.get()), length);
}

void reply_write(fuse_req_t request, ServedDisk* disk, const char* data, std::size_t size,
                 off_t offset) {
  if (disk == nullptr) {
    fuse_reply_err(request, EISDIR);
    return;
  }
  const std::uint64_t at = static_cast<std::uint64_t>(offset);
  const std::uint64_t disk_size = disk->size_bytes();
  if (at >= disk_size) {
    fuse_reply_err(request, ENOSPC);
    return;
  }
  const std::size_t length = std::min<std::size_t>(size, disk_size - at);
  const std::span<const std::byte> bytes =
      std::as_bytes(std::span<const char>(data, length));
  if (const int error = disk->write(at, bytes, flags_of(request)); error != 0) {
    fuse_reply_err(request, error);
    return;
  }
  fuse_reply_write(request, length);
}

void reply_fsync(fuse_req_t request, ServedDisk* disk) {
  fuse_reply_err(request, disk == nullptr ? 0 : disk->flush(flags_of(request)));
}

void reply_fallocate(fuse_req_t request, ServedDisk* disk, int mode, off_t offset,
                     off_t length) {
  fuse_reply_err(request, disk == nullptr ? EISDIR
                                          : clear_range(*disk, mode, offset, length,
                                                        flags_of(request)));
}

// The block size here becomes the discard granularity of a loop device.
void reply_statfs(fuse_req_t request) {
  struct statvfs status = {};
  status.f_bsize = kSectorBytes;
  status.f_frsize = kSectorBytes;
  status.f_namemax = 255;
  fuse_reply_statfs(request, &status);
}

void reply_readdir(fuse_req_t request, std::size_t size, off_t offset, std::size_t count,
                   const std::function<ListedName(std::size_t)>& name_at) {
  std::string buffer(size, '\0');
  std::size_t used = 0;
  for (std::size_t i = static_cast<std::size_t>(offset); i < count; ++i) {
    const ListedName listed = name_at(i);
    const std::size_t needed =
        fuse_add_direntry(request, buffer.data() + used, size - used, listed.name.c_str(),
                          &listed.attributes, static_cast<off_t>(i + 1));
    if (needed > size - used) {
      break;
    }
    used += needed;
  }
  fuse_reply_buf(request, buffer.data(), used);
}

}  // namespace powercut
