// SPDX-License-Identifier: GPL-2.0-only

#include "device/tree_walk.h"

#include "base/fd.h"
#include "device/open_below.h"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace powercut {
namespace {

constexpr std::size_t kExtentsAtOnce = 128;
constexpr std::size_t kXattrBytes = 65536;      // the most that the kernel hands out
constexpr std::uint64_t kStatBlockBytes = 512;  // of stx_blocks, whatever the disk has
constexpr int kReadFlags = O_RDONLY | O_NOATIME | O_NONBLOCK;

// The walk of one file system; directories are a list, so that depth costs no stack.
class Walk {
 public:
  Walk(int root, ProblemList& problems) : root_(root), problems_(problems) {}

  TreeWalk run();

 private:
  void read_directory(const std::string& path);
  std::vector<std::string> names_in(Fd directory, const std::string& path);
  void read_entry(int directory, const std::string& name, const std::string& path);
  bool read_status(int directory, const char* name, FileNode& node);
  void read_target(int directory, const char* name, FileNode& node);
  void read_attributes(const std::string& place, FileNode& node);
  void read_extents(int directory, const char* name, FileNode& node);

  int root_;
  ProblemList& problems_;
  std::uint64_t mount_ = 0;
  TreeWalk result_;
  std::vector<std::string> pending_;  // directories
  std::string buffer_;                // of attributes
};

// A way to a name that calls without a descriptor take.
std::string place_of(int directory, std::string_view name) {
  return fmt::format("/proc/self/fd/{}/{}", directory, name);
}

bool Walk::read_status(int directory, const char* name, FileNode& node) {
  struct statx status = {};
  if (::statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
              STATX_BASIC_STATS | STATX_MNT_ID, &status) != 0) {
    problems_.add("stat", node.path, errno);
    return false;
  }
  if (node.path == "/") {
    mount_ = status.stx_mnt_id;
  } else if ((status.stx_mask & STATX_MNT_ID) != 0 && status.stx_mnt_id != mount_) {
    return false;
  }
  node.mode = status.stx_mode;
  node.uid = status.stx_uid;
  node.gid = status.stx_gid;
  node.links = status.stx_nlink;
  node.inode = status.stx_ino;
  node.allocated_bytes = status.stx_blocks * kStatBlockBytes;
  if (S_ISREG(node.mode) || S_ISLNK(node.mode)) {
    node.size_bytes = status.stx_size;
  }
  if (S_ISCHR(node.mode) || S_ISBLK(node.mode)) {
    node.device = std::uint64_t{status.stx_rdev_major} << 32U | status.stx_rdev_minor;
  }
  return true;
}

void Walk::read_target(int directory, const char* name, FileNode& node) {
  node.target.resize(PATH_MAX);
  const ssize_t got =
      ::readlinkat(directory, name, node.target.data(), node.target.size());
  if (got < 0) {
    problems_.add("readlink", node.path, errno);
  }
  node.target.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}

void Walk::read_attributes(const std::string& place, FileNode& node) {
  buffer_.resize(kXattrBytes);
  const ssize_t listed = ::llistxattr(place.c_str(), buffer_.data(), buffer_.size());
  if (listed < 0) {
    if (errno != EOPNOTSUPP) {
      problems_.add("listxattr", node.path, errno);
    }
    return;
  }
  const std::string names = buffer_.substr(0, static_cast<std::size_t>(listed));
  for (std::size_t at = 0; at < names.size();) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    const ssize_t got =
        ::lgetxattr(place.c_str(), name.c_str(), buffer_.data(), buffer_.size());
    if (got < 0) {
      problems_.add(fmt::format("getxattr {}", escape_name(name)), node.path, errno);
    } else {
      node.attributes.emplace_back(name,
                                   buffer_.substr(0, static_cast<std::size_t>(got)));
    }
  }
}

void Walk::read_extents(int directory, const char* name, FileNode& node) {
  const Fd file(::openat(directory, name, kReadFlags | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) {
    problems_.add("open", node.path, errno);
    return;
  }
  std::vector<std::byte> storage(sizeof(fiemap) + kExtentsAtOnce * sizeof(fiemap_extent));
  fiemap& map = *reinterpret_cast<fiemap*>(storage.data());
  const fiemap_extent* extents =
      reinterpret_cast<const fiemap_extent*>(storage.data() + sizeof(fiemap));
  std::uint64_t from = 0;
  while (true) {
    map = {};
    map.fm_start = from;
    map.fm_length = FIEMAP_MAX_OFFSET - from;
    map.fm_extent_count = kExtentsAtOnce;
    if (::ioctl(file.get(), FS_IOC_FIEMAP, &map) != 0) {
      if (errno == EOPNOTSUPP || errno == ENOTTY) {
        result_.extents_known = false;
      } else {
        problems_.add("fiemap", node.path, errno);
      }
      return;
    }
    for (std::uint32_t i = 0; i < map.fm_mapped_extents; ++i) {
      const fiemap_extent& extent = extents[i];
      node.extents.push_back({extent.fe_logical, extent.fe_length,
                              (extent.fe_flags & FIEMAP_EXTENT_UNWRITTEN) != 0});
      const std::uint64_t end = extent.fe_logical + extent.fe_length;
      if ((extent.fe_flags & FIEMAP_EXTENT_LAST) != 0 || end <= from) {
        return;  // the last, or one that leads nowhere
      }
      from = end;
    }
    if (map.fm_mapped_extents == 0) {
      return;
    }
  }
}

void Walk::read_entry(int directory, const std::string& name, const std::string& path) {
  FileNode node;
  node.path = path;
  if (!read_status(directory, name.c_str(), node)) {
    return;
  }
  if (S_ISLNK(node.mode)) {
    read_target(directory, name.c_str(), node);
  }
  read_attributes(place_of(directory, name), node);
  if (S_ISREG(node.mode) && result_.extents_known) {
    read_extents(directory, name.c_str(), node);
  }
  if (S_ISDIR(node.mode)) {
    pending_.push_back(path);
  }
  result_.tree.push_back(std::move(node));
}

struct DirCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::vector<std::string> Walk::names_in(Fd directory, const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, DirCloser> stream(::fdopendir(directory.release()));
  while (stream != nullptr) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      break;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  if (errno != 0) {
    problems_.add("readdir", path, errno);
  }
  return names;
}

void Walk::read_directory(const std::string& path) {
  const Fd directory = open_below(root_, path, kReadFlags | O_DIRECTORY);
  if (!directory.valid()) {
    problems_.add("open", path, errno);
    return;
  }
  Fd listed(::fcntl(directory.get(), F_DUPFD_CLOEXEC, 0));
  std::set<std::string_view> seen;
  const std::vector<std::string> names = names_in(std::move(listed), path);
  const std::string prefix = path == "/" ? path : path + "/";
  for (const std::string& name : names) {
    if (seen.insert(name).second) {
      read_entry(directory.get(), name, prefix + name);
    } else {
      problems_.add_line(fmt::format("readdir {}: it has the name {} twice",
                                     escape_name(path), escape_name(name)));
    }
  }
}

TreeWalk Walk::run() {
  read_entry(root_, ".", "/");
  while (!pending_.empty()) {
    const std::string path = std::move(pending_.back());
    pending_.pop_back();
    read_directory(path);
  }
  if (!result_.extents_known) {
    for (FileNode& node : result_.tree) {
      node.extents.clear();
    }
  }
  normalise(result_.tree);
  return std::move(result_);
}

}  // namespace

TreeWalk walk_tree(int root, ProblemList& problems) {
  return Walk(root, problems).run();
}

}  // namespace powercut
