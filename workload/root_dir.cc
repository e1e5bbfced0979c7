// SPDX-License-Identifier: GPL-2.0-only

#include "workload/root_dir.h"

#include "workload/raw_disk.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace powercut {
namespace {

// 0 for "a/b" and "/". The kernel checks too, but not the last name of the calls that
// take a directory and a name.
int check_path(std::string_view path) {
  if (path == "/") {
    return 0;
  }
  while (true) {
    const std::string_view name = path.substr(0, path.find('/'));
    if (name == "..") {
      return EXDEV;
    }
    if (name.empty() || name == ".") {
      return EINVAL;
    }
    if (name.size() == path.size()) {
      return 0;
    }
    path.remove_prefix(name.size() + 1);
  }
}

}  // namespace

Result<RootDir> RootDir::open(const std::filesystem::path& path) {
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(path, O_RDONLY | O_DIRECTORY));
  return RootDir(std::move(fd));
}

Result<RootDir> RootDir::open_disk(const std::filesystem::path& device) {
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(device, O_PATH));
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISBLK(status.st_mode)) {
    return fail(ErrorKind::kUsage, fmt::format("{} is no disk", device.native()),
                "a block device");
  }
  return RootDir(std::move(fd), true);
}

int RootDir::open_below(const std::string& path, int flags, mode_t mode, Fd& file) const {
  if (disk_) {
    return ENOTDIR;
  }
  if (const int bad = check_path(path); bad != 0) {
    return bad;
  }
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve =
      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  const char* name = path == "/" ? "." : path.c_str();
  file = Fd(static_cast<int>(::syscall(SYS_openat2, fd_.get(), name, &how, sizeof how)));
  return file.valid() ? 0 : errno;
}

int RootDir::find_place(const std::string& path, NamePlace& place) const {
  if (const int bad = check_path(path); bad != 0) {
    return bad;
  }
  const std::size_t slash = path.rfind('/');
  const bool in_root = path == "/" || slash == std::string::npos;
  place.name = path == "/" ? "." : path.substr(in_root ? 0 : slash + 1);
  return open_below(in_root ? "/" : path.substr(0, slash), O_PATH | O_DIRECTORY, 0,
                    place.directory);
}

int RootDir::open_node(const std::string& path, Fd& node) const {
  return open_below(path, O_PATH, 0, node);
}

int RootDir::open_file(const std::string& path, int flags, Fd& file) const {
  if (disk_) {
    if (path != kRawDiskName) {
      return ENOENT;
    }
    file = Fd(::open(path_of_descriptor(fd_.get()).c_str(), flags | O_CLOEXEC));
    return file.valid() ? 0 : errno;
  }
  Fd node;
  if (const int failed = open_node(path, node); failed != 0) {
    return failed;
  }
  struct stat status = {};
  if (::fstat(node.get(), &status) != 0) {
    return errno;
  }
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    return ENXIO;
  }
  // Through the node, not by the path, which may name something else by now.
  file = Fd(::open(path_of_descriptor(node.get()).c_str(), flags | O_CLOEXEC));
  return file.valid() ? 0 : errno;
}

int RootDir::create_file(const std::string& path, int flags, mode_t mode,
                         Fd& file) const {
  return open_below(path, flags | O_CREAT | O_EXCL, mode, file);
}

int RootDir::create_nameless(const std::string& path, int flags, mode_t mode,
                             Fd& file) const {
  return open_below(path, flags | O_TMPFILE, mode, file);
}

std::string path_of_descriptor(int fd) {
  return fmt::format("/proc/self/fd/{}", fd);
}

}  // namespace powercut
