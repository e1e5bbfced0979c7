// SPDX-License-Identifier: GPL-2.0-only

#include "device/fuse_ops.h"

#include "device/disk_requests.h"
#include "device/served_disk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <string>

namespace powercut {
namespace {

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

bool fill_attributes(fuse_req_t request, fuse_ino_t inode, struct stat& attributes) {
  if (inode == FUSE_ROOT_ID) {
    attributes = directory_attributes(inode);
    return true;
  }
  const ServedDisk* disk = disk_of(request, inode);
  if (disk == nullptr) {
    return false;
  }
  attributes = disk_attributes(inode, disk->size_bytes(), disk->read_only());
  return true;
}

void on_init(void* /*directory*/, fuse_conn_info* connection) {
  prepare_connection(connection);
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
  reply_open(request, 0);
}

void on_read(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
             fuse_file_info* /*info*/) {
  reply_read(request, disk_of(request, inode), size, offset);
}

void on_write(fuse_req_t request, fuse_ino_t inode, const char* data, std::size_t size,
              off_t offset, fuse_file_info* /*info*/) {
  reply_write(request, disk_of(request, inode), data, size, offset);
}

void on_fsync(fuse_req_t request, fuse_ino_t inode, int /*data_only*/,
              fuse_file_info* /*info*/) {
  reply_fsync(request, disk_of(request, inode));
}

void on_fallocate(fuse_req_t request, fuse_ino_t inode, int mode, off_t offset,
                  off_t length, fuse_file_info* /*info*/) {
  reply_fallocate(request, disk_of(request, inode), mode, offset, length);
}

void on_readdir(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                fuse_file_info* /*info*/) {
  if (inode != FUSE_ROOT_ID) {
    fuse_reply_err(request, ENOTDIR);
    return;
  }
  const std::vector<DiskFile>& files = directory_of(request).files;
  reply_readdir(request, size, offset, files.size(), [&](std::size_t i) {
    ListedName listed{files[i].name, {}};
    listed.attributes.st_ino = inode_of_file(i);
    listed.attributes.st_mode = S_IFREG;
    return listed;
  });
}

void on_statfs(fuse_req_t request, fuse_ino_t /*inode*/) {
  reply_statfs(request);
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
