// SPDX-License-Identifier: GPL-2.0-only

#include "device/instant_ops.h"

#include "device/disk_requests.h"

#include <fcntl.h>

#include <cerrno>
#include <cstddef>
#include <exception>
#include <span>
#include <string>

namespace powercut {
namespace {

InstantDirectory& directory_of(fuse_req_t request) {
  return *static_cast<InstantDirectory*>(fuse_req_userdata(request));
}

// What is behind an open file.
OpenInstants::Instant* instant_of(const fuse_file_info* info) {
  return reinterpret_cast<OpenInstants::Instant*>(info->fh);
}

ServedDisk* disk_of(const fuse_file_info* info) {
  return &OpenInstants::disk(*instant_of(info));
}

void note_write(fuse_req_t request, const fuse_file_info* info) {
  directory_of(request).instants.wrote(*instant_of(info), fuse_req_ctx(request)->pid);
}

struct stat attributes_of(const InstantDirectory& directory, const InstantNode& node) {
  struct stat attributes =
      node.entry.is_directory
          ? directory_attributes(node.inode)
          : disk_attributes(node.inode, node.entry.size_bytes, directory.read_only);
  attributes.st_mtim.tv_sec = directory.modified_time;
  attributes.st_ctim = attributes.st_mtim;
  attributes.st_atim = attributes.st_mtim;
  return attributes;
}

// What the tree may throw must not end a thread that answers.
template <class Answer>
void answer_or_fail(fuse_req_t request, const Answer& answer) {
  try {
    answer();
  } catch (const std::exception&) {
    fuse_reply_err(request, EIO);
  }
}

void on_init(void* /*directory*/, fuse_conn_info* connection) {
  prepare_connection(connection);
}

void on_lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  answer_or_fail(request, [&] {
    InstantDirectory& directory = directory_of(request);
    fuse_entry_param entry = {};
    entry.attr_timeout = kForeverSeconds;
    entry.entry_timeout = kForeverSeconds;
    entry.ino = directory.nodes.look_up(parent, name);
    if (entry.ino == 0) {
      fuse_reply_err(request, ENOENT);
      return;
    }
    entry.attr = attributes_of(directory, *directory.nodes.find(entry.ino));
    if (fuse_reply_entry(request, &entry) != 0) {
      directory.nodes.forget(entry.ino, 1);
    }
  });
}

void on_forget(fuse_req_t request, fuse_ino_t inode, std::uint64_t lookups) {
  directory_of(request).nodes.forget(inode, lookups);
  fuse_reply_none(request);
}

void on_forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
  for (const fuse_forget_data& each : std::span(forgets, count)) {
    directory_of(request).nodes.forget(each.ino, each.nlookup);
  }
  fuse_reply_none(request);
}

void on_getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info* /*info*/) {
  const InstantDirectory& directory = directory_of(request);
  const std::optional<InstantNode> node = directory.nodes.find(inode);
  if (!node) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  const struct stat attributes = attributes_of(directory, *node);
  fuse_reply_attr(request, &attributes, kForeverSeconds);
}

// Times and modes are taken and forgotten; a disk cannot be truncated.
void on_setattr(fuse_req_t request, fuse_ino_t inode, struct stat* wanted, int to_set,
                fuse_file_info* info) {
  const std::optional<InstantNode> node = directory_of(request).nodes.find(inode);
  if ((to_set & FUSE_SET_ATTR_SIZE) != 0 &&
      (!node || node->entry.is_directory ||
       static_cast<std::uint64_t>(wanted->st_size) != node->entry.size_bytes)) {
    fuse_reply_err(request, EPERM);
    return;
  }
  on_getattr(request, inode, info);
}

void on_open(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info) {
  answer_or_fail(request, [&] {
    InstantDirectory& directory = directory_of(request);
    const std::optional<InstantNode> node = directory.nodes.find(inode);
    if (!node || node->entry.is_directory) {
      fuse_reply_err(request, node ? EISDIR : ENOENT);
      return;
    }
    const bool writes = (info->flags & O_ACCMODE) != O_RDONLY;
    if (writes && directory.read_only) {
      fuse_reply_err(request, EROFS);
      return;
    }
    const Result<OpenInstants::Instant*> opened =
        directory.instants.open(node->path, writes ? fuse_req_ctx(request)->pid : 0);
    if (!opened) {
      fuse_reply_err(request, EIO);
      return;
    }
    if (!reply_open(request, reinterpret_cast<std::uint64_t>(*opened))) {
      directory.instants.close(*opened);
    }
  });
}

void on_release(fuse_req_t request, fuse_ino_t /*inode*/, fuse_file_info* info) {
  directory_of(request).instants.close(instant_of(info));
  fuse_reply_err(request, 0);
}

void on_read(fuse_req_t request, fuse_ino_t /*inode*/, std::size_t size, off_t offset,
             fuse_file_info* info) {
  reply_read(request, disk_of(info), size, offset);
}

void on_write(fuse_req_t request, fuse_ino_t /*inode*/, const char* data,
              std::size_t size, off_t offset, fuse_file_info* info) {
  note_write(request, info);
  reply_write(request, disk_of(info), data, size, offset);
}

void on_fsync(fuse_req_t request, fuse_ino_t /*inode*/, int /*data_only*/,
              fuse_file_info* info) {
  reply_fsync(request, disk_of(info));
}

void on_fallocate(fuse_req_t request, fuse_ino_t /*inode*/, int mode, off_t offset,
                  off_t length, fuse_file_info* info) {
  note_write(request, info);
  reply_fallocate(request, disk_of(info), mode, offset, length);
}

void on_readdir(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                fuse_file_info* /*info*/) {
  answer_or_fail(request, [&] {
    const InstantDirectory& directory = directory_of(request);
    const std::optional<InstantNode> node = directory.nodes.find(inode);
    if (!node || !node->entry.is_directory) {
      fuse_reply_err(request, node ? ENOTDIR : ENOENT);
      return;
    }
    reply_readdir(request, size, offset, directory.tree.listed_count(node->path),
                  [&](std::size_t i) {
                    ListedName listed{directory.tree.listed_name(node->path, i), {}};
                    listed.attributes.st_ino = InstantNodes::inode_of(
                        InstantNodes::path_below(node->path, listed.name));
                    return listed;
                  });
  });
}

void on_statfs(fuse_req_t request, fuse_ino_t /*inode*/) {
  reply_statfs(request);
}

}  // namespace

// What is not set here answers ENOSYS, and the kernel does not ask again (flush, lseek,
// getxattr, opendir). Names that come and go are refused with an error that says so.
const fuse_lowlevel_ops& instant_operations() {
  static const fuse_lowlevel_ops operations = [] {
    fuse_lowlevel_ops ops = {};
    ops.init = &on_init;
    ops.lookup = &on_lookup;
    ops.forget = &on_forget;
    ops.forget_multi = &on_forget_multi;
    ops.getattr = &on_getattr;
    ops.setattr = &on_setattr;
    ops.open = &on_open;
    ops.release = &on_release;
    ops.read = &on_read;
    ops.write = &on_write;
    ops.fsync = &on_fsync;
    ops.fallocate = &on_fallocate;
    ops.readdir = &on_readdir;
    ops.statfs = &on_statfs;
    ops.mknod = [](fuse_req_t request, auto...) { fuse_reply_err(request, EPERM); };
    ops.mkdir = [](fuse_req_t request, auto...) { fuse_reply_err(request, EPERM); };
    ops.unlink = [](fuse_req_t request, auto...) { fuse_reply_err(request, EPERM); };
    ops.rmdir = [](fuse_req_t request, auto...) { fuse_reply_err(request, EPERM); };
    ops.rename = [](fuse_req_t request, auto...) { fuse_reply_err(request, EPERM); };
    ops.link = [](fuse_req_t request, auto...) { fuse_reply_err(request, EPERM); };
    ops.symlink = [](fuse_req_t request, auto...) { fuse_reply_err(request, EPERM); };
    return ops;
  }();
  return operations;
}

}  // namespace powercut
