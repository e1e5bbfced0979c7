// SPDX-License-Identifier: GPL-2.0-only

#include "device/fuse_ops.h"

#include "device/served_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>

namespace powercut {
namespace {

constexpr double kForeverSeconds = 86400;
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

const FuseDirectory& directory_of(fuse_req_t request) {
  return *static_cast<const FuseDirectory*>(fuse_req_userdata(request));
}

ServedDisk* disk_of(fuse_req_t request, fuse_ino_t inode) {
  const FuseDirectory& directory = directory_of(request);
  if (inode < inode_of_file(0) || inode - 2 >= directory.files.size()) {
    return nullptr;
  }
  return directory.files[inode - 2].disk;
}

WriteFlags flags_of(fuse_req_t request) {
  WriteFlags flags;
  flags.pid = static_cast<std::uint32_t>(fuse_req_ctx(request)->pid);
  return flags;
}

bool fill_attributes(fuse_req_t request, fuse_ino_t inode, struct stat& attributes) {
  attributes = {};
  attributes.st_ino = inode;
  attributes.st_uid = ::geteuid();
  attributes.st_gid = ::getegid();
  attributes.st_blksize = 4096;
  if (inode == FUSE_ROOT_ID) {
    attributes.st_mode = S_IFDIR | 0755;
    attributes.st_nlink = 2;
    return true;
  }
  const ServedDisk* disk = disk_of(request, inode);
  if (disk == nullptr) {
    return false;
  }
  attributes.st_mode = S_IFREG | (disk->read_only() ? 0444 : 0644);
  attributes.st_nlink = 1;
  attributes.st_size = static_cast<off_t>(disk->size_bytes());
  attributes.st_blocks = attributes.st_size / 512;
  return true;
}

void on_init(void* /*directory*/, fuse_conn_info* connection) {
  // Reads go through one buffer of ours; splice costs more calls than it saves copies.
  connection->want &= ~static_cast<unsigned>(
      FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE |
      FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS);
  connection->max_write = kMaxReadBytes;
  connection->max_background = 64;
}

void on_lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  const std::vector<DiskFile>& files = directory_of(request).files;
  fuse_entry_param entry = {};
  entry.attr_timeout = kForeverSeconds;
  entry.entry_timeout = kForeverSeconds;
  for (std::size_t i = 0; parent == FUSE_ROOT_ID && i < files.size(); ++i) {
    if (files[i].name == name) {
      entry.ino = inode_of_file(i);
    }
  }
  if (entry.ino == 0 || !fill_attributes(request, entry.ino, entry.attr)) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  fuse_reply_entry(request, &entry);
}

void on_getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info* /*info*/) {
  struct stat attributes = {};
  if (fill_attributes(request, inode, attributes)) {
    fuse_reply_attr(request, &attributes, kForeverSeconds);
  } else {
    fuse_reply_err(request, ENOENT);
  }
}

// Times and modes are taken and forgotten; a disk cannot be truncated.
void on_setattr(fuse_req_t request, fuse_ino_t inode, struct stat* wanted, int to_set,
                fuse_file_info* info) {
  const ServedDisk* disk = disk_of(request, inode);
  if ((to_set & FUSE_SET_ATTR_SIZE) != 0 &&
      (disk == nullptr ||
       static_cast<std::uint64_t>(wanted->st_size) != disk->size_bytes())) {
    fuse_reply_err(request, EPERM);
    return;
  }
  on_getattr(request, inode, info);
}

void on_open(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info) {
  const ServedDisk* disk = disk_of(request, inode);
  if (disk == nullptr) {
    fuse_reply_err(request, EISDIR);
    return;
  }
  if (disk->read_only() && (info->flags & O_ACCMODE) != O_RDONLY) {
    fuse_reply_err(request, EROFS);
    return;
  }
  OpenReply reply;
  reply.flags = kDirectIo | kParallelDirectWrites;
  fuse_reply_buf(request, reinterpret_cast<const char*>(&reply), sizeof reply);
}

void on_read(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
             fuse_file_info* /*info*/) {
  thread_local const std::unique_ptr<std::byte[]> buffer =
      std::make_unique_for_overwrite<std::byte[]>(kMaxReadBytes);
  ServedDisk* disk = disk_of(request, inode);
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

void on_write(fuse_req_t request, fuse_ino_t inode, const char* data, std::size_t size,
              off_t offset, fuse_file_info* /*info*/) {
  ServedDisk* disk = disk_of(request, inode);
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

void on_fsync(fuse_req_t request, fuse_ino_t inode, int /*data_only*/,
              fuse_file_info* /*info*/) {
  ServedDisk* disk = disk_of(request, inode);
  fuse_reply_err(request, disk == nullptr ? 0 : disk->flush(flags_of(request)));
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

void on_fallocate(fuse_req_t request, fuse_ino_t inode, int mode, off_t offset,
                  off_t length, fuse_file_info* /*info*/) {
  ServedDisk* disk = disk_of(request, inode);
  fuse_reply_err(request, disk == nullptr ? EISDIR
                                          : clear_range(*disk, mode, offset, length,
                                                        flags_of(request)));
}

void on_readdir(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                fuse_file_info* /*info*/) {
  if (inode != FUSE_ROOT_ID) {
    fuse_reply_err(request, ENOTDIR);
    return;
  }
  const std::vector<DiskFile>& files = directory_of(request).files;
  std::string buffer(size, '\0');
  std::size_t used = 0;
  for (std::size_t i = static_cast<std::size_t>(offset); i < files.size(); ++i) {
    struct stat attributes = {};
    attributes.st_ino = inode_of_file(i);
    attributes.st_mode = S_IFREG;
    const std::size_t needed =
        fuse_add_direntry(request, buffer.data() + used, size - used,
                          files[i].name.c_str(), &attributes, static_cast<off_t>(i + 1));
    if (needed > size - used) {
      break;
    }
    used += needed;
  }
  fuse_reply_buf(request, buffer.data(), used);
}

// The block size here becomes the discard granularity of a loop device.
void on_statfs(fuse_req_t request, fuse_ino_t /*inode*/) {
  struct statvfs status = {};
  status.f_bsize = kSectorBytes;
  status.f_frsize = kSectorBytes;
  status.f_namemax = 255;
  fuse_reply_statfs(request, &status);
}

}  // namespace

// What is not set here answers ENOSYS, and the kernel does not ask again (flush, lseek,
// getxattr, opendir).
const fuse_lowlevel_ops& disk_operations() {
  static const fuse_lowlevel_ops operations = [] {
    fuse_lowlevel_ops ops = {};
    ops.init = &on_init;
    ops.lookup = &on_lookup;
    ops.getattr = &on_getattr;
    ops.setattr = &on_setattr;
    ops.open = &on_open;
    ops.read = &on_read;
    ops.write = &on_write;
    ops.fsync = &on_fsync;
    ops.fallocate = &on_fallocate;
    ops.readdir = &on_readdir;
    ops.statfs = &on_statfs;
    return ops;
  }();
  return operations;
}

}  // namespace powercut
