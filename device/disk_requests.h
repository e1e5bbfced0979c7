// SPDX-License-Identifier: GPL-2.0-only
//
// How requests of the kernel are answered that mean a disk, whatever directory it is
// seen in. A null disk is a directory.

#pragma once

#include "device/fuse_api.h"

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace powercut {

class ServedDisk;

// What never changes may be kept so long.
inline constexpr double kForeverSeconds = 86400;

// For the init operation.
void prepare_connection(fuse_conn_info* connection);

struct stat directory_attributes(std::uint64_t inode);
struct stat disk_attributes(std::uint64_t inode, std::uint64_t size_bytes,
                            bool read_only);

// Opens with direct I/O. False: the open was interrupted, and nobody will close it.
bool reply_open(fuse_req_t request, std::uint64_t handle);
void reply_read(fuse_req_t request, ServedDisk* disk, std::size_t size, off_t offset);
void reply_write(fuse_req_t request, ServedDisk* disk, const char* data, std::size_t size,
                 off_t offset);
void reply_fsync(fuse_req_t request, ServedDisk* disk);
void reply_fallocate(fuse_req_t request, ServedDisk* disk, int mode, off_t offset,
                     off_t length);
void reply_statfs(fuse_req_t request);

struct ListedName {
  std::string name;
  struct stat attributes = {};  // inode and type are told
};

// As many of `count` names as have room in `size` bytes, from number `offset` on: an
// offset is the number of the next name, right for a reader who comes back to it.
void reply_readdir(fuse_req_t request, std::size_t size, off_t offset, std::size_t count,
                   const std::function<ListedName(std::size_t)>& name_at);

}  // namespace powercut
