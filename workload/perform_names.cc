// SPDX-License-Identifier: GPL-2.0-only

#include "workload/perform_step.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

namespace powercut {
namespace {

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kNodeMode = 0644;

int result_of(int returned) {
  return returned == 0 ? 0 : errno;
}

int note_made_name(PerformStep& step, const NamePlace& place) {
  struct stat status = {};
  if (::fstatat(place.directory.get(), place.name.c_str(), &status,
                AT_SYMLINK_NOFOLLOW) != 0) {
    return errno;
  }
  step.made_inode = status.st_ino;
  return 0;
}

mode_t type_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::kFifo:
      return S_IFIFO;
    case NodeKind::kCharDevice:
      return S_IFCHR;
    case NodeKind::kBlockDevice:
      return S_IFBLK;
  }
  return S_IFIFO;
}

unsigned rename_flags(RenameMode mode) {
  switch (mode) {
    case RenameMode::kReplace:
      return 0;
    case RenameMode::kNoReplace:
      return RENAME_NOREPLACE;
    case RenameMode::kExchange:
      return RENAME_EXCHANGE;
  }
  return 0;
}

// A path that leads to the node of the operation, which `node` or a handle holds.
int node_path(const PerformStep& step, PerformFile& node, std::string& path) {
  int failed = 0;
  if (step.operation.handle.empty()) {
    failed = step.root.open_node(step.operation.path, node.opened);
  } else {
    failed = open_step_file(step, 0, node);
  }
  path = path_of_descriptor(node.fd());
  return failed;
}

int remove_name(const PerformStep& step, int flags) {
  NamePlace place;
  if (const int failed = step.root.find_place(step.operation.path, place); failed != 0) {
    return failed;
  }
  return result_of(::unlinkat(place.directory.get(), place.name.c_str(), flags));
}

}  // namespace

int do_mkdir(PerformStep& step) {
  NamePlace place;
  if (const int failed = step.root.find_place(step.operation.path, place); failed != 0) {
    return failed;
  }
  const mode_t mode = step.operation.mode != 0 ? step.operation.mode : kDirectoryMode;
  if (::mkdirat(place.directory.get(), place.name.c_str(), mode) != 0) {
    return errno;
  }
  return note_made_name(step, place);
}

int do_rmdir(PerformStep& step) {
  return remove_name(step, AT_REMOVEDIR);
}

int do_unlink(PerformStep& step) {
  return remove_name(step, 0);
}

// OLD may be a handle: so a file without a name gets one.
int do_link(PerformStep& step) {
  const Operation& operation = step.operation;
  NamePlace to;
  if (const int failed = step.root.find_place(operation.path2, to); failed != 0) {
    return failed;
  }
  if (!operation.handle.empty()) {
    PerformFile file;
    if (const int failed = open_step_file(step, O_RDONLY, file); failed != 0) {
      return failed;
    }
    return result_of(::linkat(AT_FDCWD, path_of_descriptor(file.fd()).c_str(),
                              to.directory.get(), to.name.c_str(), AT_SYMLINK_FOLLOW));
  }
  NamePlace from;
  if (const int failed = step.root.find_place(operation.path, from); failed != 0) {
    return failed;
  }
  return result_of(::linkat(from.directory.get(), from.name.c_str(), to.directory.get(),
                            to.name.c_str(), 0));
}

int do_symlink(PerformStep& step) {
  NamePlace place;
  if (const int failed = step.root.find_place(step.operation.path, place); failed != 0) {
    return failed;
  }
  if (::symlinkat(step.operation.text.c_str(), place.directory.get(),
                  place.name.c_str()) != 0) {
    return errno;
  }
  return note_made_name(step, place);
}

int do_rename(PerformStep& step) {
  NamePlace from;
  NamePlace to;
  int failed = step.root.find_place(step.operation.path, from);
  failed = failed != 0 ? failed : step.root.find_place(step.operation.path2, to);
  if (failed != 0) {
    return failed;
  }
  return result_of(::renameat2(from.directory.get(), from.name.c_str(),
                               to.directory.get(), to.name.c_str(),
                               rename_flags(step.operation.rename)));
}

int do_mknod(PerformStep& step) {
  const Operation& operation = step.operation;
  NamePlace place;
  if (const int failed = step.root.find_place(operation.path, place); failed != 0) {
    return failed;
  }
  const mode_t mode = operation.mode != 0 ? operation.mode : kNodeMode;
  const dev_t device =
      operation.node == NodeKind::kFifo ? 0 : makedev(operation.user, operation.group);
  if (::mknodat(place.directory.get(), place.name.c_str(), type_of(operation.node) | mode,
                device) != 0) {
    return errno;
  }
  return note_made_name(step, place);
}

// There is no fchmodat() that leaves links alone before Linux 6.6, and a descriptor of
// O_PATH is none for fchmod(): so by way of /proc. The same for attributes.
int do_chmod(PerformStep& step) {
  PerformFile node;
  std::string path;
  if (const int failed = node_path(step, node, path); failed != 0) {
    return failed;
  }
  return result_of(::chmod(path.c_str(), step.operation.mode));
}

// The one that may be of a symbolic link.
int do_chown(PerformStep& step) {
  const Operation& operation = step.operation;
  if (!operation.handle.empty()) {
    PerformFile file;
    const int failed = open_step_file(step, 0, file);
    return failed != 0 ? failed
                       : result_of(::fchown(file.fd(), operation.user, operation.group));
  }
  NamePlace place;
  if (const int failed = step.root.find_place(operation.path, place); failed != 0) {
    return failed;
  }
  return result_of(::fchownat(place.directory.get(), place.name.c_str(), operation.user,
                              operation.group, AT_SYMLINK_NOFOLLOW));
}

int do_set_xattr(PerformStep& step) {
  const Operation& operation = step.operation;
  PerformFile node;
  std::string path;
  if (const int failed = node_path(step, node, path); failed != 0) {
    return failed;
  }
  return result_of(::setxattr(path.c_str(), operation.text.c_str(),
                              operation.value.data(), operation.value.size(), 0));
}

int do_remove_xattr(PerformStep& step) {
  PerformFile node;
  std::string path;
  if (const int failed = node_path(step, node, path); failed != 0) {
    return failed;
  }
  return result_of(::removexattr(path.c_str(), step.operation.text.c_str()));
}

}  // namespace powercut
