// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/tree_copy.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <span>
#include <string_view>
#include <utility>

namespace powercut {

namespace {

constexpr time_t kTime = 946684800;  // 2000-01-01, UTC
constexpr mode_t kKeptMode = S_ISVTX | S_IRWXU | S_IRWXG | S_IRWXO;

bool is_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         text.find('\0') == std::string_view::npos;
}

// "cannot copy /a: ...". What only a tree that is none can cause is bad input; anything
// else is about the place where the copy is made.
Error copy_error(const std::string& path, int error_number) {
  Error error = system_error("cannot copy " + escape_name(path), error_number);
  switch (error_number) {
    case EEXIST:
    case ELOOP:
    case ENOENT:
    case ENOTDIR:
      error.kind = ErrorKind::kBadInput;
      break;
    case EOPNOTSUPP:
      error.kind = ErrorKind::kMissing;
      error.hint = "set TMPDIR to a directory whose file system has attributes (user.*)";
      break;
    default:
      error.hint = "set TMPDIR to a directory with room for what the disk holds";
      break;
  }
  return error;
}

class TreeCopy {
 public:
  TreeCopy(const Subject& subject, std::size_t disk, const Fd& top)
      : subject_(subject), disk_(disk), top_(top) {}

  Result<std::vector<std::string>> run(const Ext2Files& files) {
    for (const FileNode& node : files.tree) {
      PC_RETURN_IF_ERROR(make(node));
    }
    PC_RETURN_IF_ERROR(write_content(files.units));
    // Those in a directory before it: they change its times, and its permissions may keep
    // us out.
    for (std::size_t i = files.tree.size(); i-- > 0;) {
      PC_RETURN_IF_ERROR(finish(files.tree[i]));
    }
    return std::move(skipped_);
  }

 private:
  struct Place {
    int directory = -1;  // borrowed, until the next call of place_of()
    std::string name;
  };

  static bool copied(const FileNode& node) {
    return S_ISREG(node.mode) || S_ISDIR(node.mode) || S_ISLNK(node.mode);
  }

  static tl::unexpected<Error> error_at(const std::string& path) {
    return fail(copy_error(path, errno));
  }

  // The directory of a path, opened step by step so that no step leads out, and the name
  // in it. The top is the name "." in itself.
  Result<Place> place_of(const std::string& path) {
    if (path == "/") {
      return Place{top_.get(), "."};
    }
    const std::size_t slash = path.rfind('/');
    const std::string parent = path.substr(0, slash);
    std::string name = path.substr(slash + 1);
    if (!path.starts_with('/') || !is_name(name)) {
      return fail(copy_error(path, ENOENT));
    }
    // From where the last path led, if this one goes on there.
    const bool further =
        at_.valid() && parent.starts_with(at_path_) &&
        (parent.size() == at_path_.size() || parent[at_path_.size()] == '/');
    if (!further) {
      at_.reset();
      at_path_.clear();
    }
    while (at_path_.size() < parent.size()) {
      const std::size_t begin = at_path_.size() + 1;
      const std::size_t end = std::min(parent.find('/', begin), parent.size());
      const std::string step = parent.substr(begin, end - begin);
      if (!is_name(step)) {
        return fail(copy_error(path, ENOENT));
      }
      Fd next(::openat(at_.valid() ? at_.get() : top_.get(), step.c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next.valid()) {
        return error_at(path);
      }
      at_ = std::move(next);
      at_path_ = parent.substr(0, end);
    }
    return Place{at_.valid() ? at_.get() : top_.get(), std::move(name)};
  }

  // The thing at a path itself, if it is a regular file or a directory.
  Result<Fd> open(const std::string& path, int flags) {
    PC_ASSIGN_OR_RETURN(const Place place, place_of(path));
    Fd fd(::openat(place.directory, place.name.c_str(),
                   flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd.valid()) {
      return error_at(path);
    }
    return fd;
  }

  Status make(const FileNode& node) {
    if (!copied(node)) {
      skipped_.push_back(node.path);
      return {};
    }
    if (S_ISREG(node.mode)) {
      return make_file(node);
    }
    PC_ASSIGN_OR_RETURN(const Place place, place_of(node.path));
    const char* name = place.name.c_str();
    if (S_ISLNK(node.mode)) {
      return ::symlinkat(node.target.c_str(), place.directory, name) == 0
                 ? Status{}
                 : error_at(node.path);
    }
    if (node.path != "/" && ::mkdirat(place.directory, name, S_IRWXU) != 0) {
      return error_at(node.path);
    }
    if (has_user_attributes(node)) {
      PC_ASSIGN_OR_RETURN(const Fd fd, open(node.path, O_RDONLY | O_DIRECTORY));
      return set_attributes(node, fd);
    }
    return {};
  }

  Status make_file(const FileNode& node) {
    const auto [first, is_new] = first_names_.try_emplace(node.inode, node.path);
    if (!is_new) {
      return make_link(first->second, node.path);
    }
    PC_ASSIGN_OR_RETURN(const Place place, place_of(node.path));
    const Fd fd(::openat(place.directory, place.name.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         S_IRUSR | S_IWUSR));
    if (!fd.valid() || ::ftruncate(fd.get(), static_cast<off_t>(node.size_bytes)) != 0) {
      return error_at(node.path);
    }
    return set_attributes(node, fd);
  }

  Status make_link(const std::string& first, const std::string& path) {
    PC_ASSIGN_OR_RETURN(const Place old_place, place_of(first));
    const Fd directory(::fcntl(old_place.directory, F_DUPFD_CLOEXEC, 0));
    PC_ASSIGN_OR_RETURN(const Place place, place_of(path));
    return ::linkat(directory.get(), old_place.name.c_str(), place.directory,
                    place.name.c_str(), 0) == 0
               ? Status{}
               : error_at(path);
  }

  static bool is_users(const std::pair<std::string, std::string>& attribute) {
    return attribute.first.starts_with("user.");
  }

  static bool has_user_attributes(const FileNode& node) {
    return std::ranges::any_of(node.attributes, is_users);
  }

  static Status set_attributes(const FileNode& node, const Fd& fd) {
    for (const std::pair<std::string, std::string>& attribute : node.attributes) {
      if (is_users(attribute) &&
          ::fsetxattr(fd.get(), attribute.first.c_str(), attribute.second.data(),
                      attribute.second.size(), 0) != 0) {
        return error_at(node.path);
      }
    }
    return {};
  }

  static std::uint64_t stored_bytes(const Ext2DataUnit& unit) {
    std::uint64_t bytes = unit.inline_content.size();
    for (const Ext2Piece& piece : unit.pieces) {
      bytes += piece.length;
    }
    return bytes;
  }

  // The pieces only, so that holes stay holes.
  Status write_content(const std::vector<Ext2DataUnit>& units) {
    std::uint64_t left = subject_.size_bytes(disk_);
    const std::string* path = nullptr;
    Fd fd;
    for (const Ext2DataUnit& unit : units) {
      if (path == nullptr || *path != unit.path) {
        path = &unit.path;
        PC_ASSIGN_OR_RETURN(fd, open(unit.path, O_WRONLY));
      }
      // A block that is in two files, or in one twice, could make more of little.
      const std::uint64_t length = stored_bytes(unit);
      if (length > left) {
        return fail(ErrorKind::kBadInput,
                    fmt::format("cannot copy {}: files hold more than the disk",
                                escape_name(unit.path)));
      }
      left -= length;
      PC_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes,
                          read_unit(subject_, disk_, unit));
      const std::span<const std::byte> all(bytes);
      if (unit.pieces.empty()) {
        PC_RETURN_IF_ERROR(write_at(unit, 0, all.first(unit.inline_content.size()), fd));
      }
      for (const Ext2Piece& piece : unit.pieces) {
        PC_RETURN_IF_ERROR(
            write_at(unit, piece.in_unit, all.subspan(piece.in_unit, piece.length), fd));
      }
    }
    return {};
  }

  static Status write_at(const Ext2DataUnit& unit, std::uint32_t in_unit,
                         std::span<const std::byte> bytes, const Fd& fd) {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t put =
          ::pwrite(fd.get(), bytes.data() + done, bytes.size() - done,
                   static_cast<off_t>(unit.offset_bytes + in_unit + done));
      if (put < 0 && errno != EINTR) {
        return error_at(unit.path);
      }
      done += static_cast<std::size_t>(std::max<ssize_t>(put, 0));
    }
    return {};
  }

  Status finish(const FileNode& node) {
    if (!copied(node)) {
      return {};
    }
    const std::array<timespec, 2> times = {timespec{kTime, 0}, timespec{kTime, 0}};
    if (S_ISLNK(node.mode)) {
      PC_ASSIGN_OR_RETURN(const Place place, place_of(node.path));
      return ::utimensat(place.directory, place.name.c_str(), times.data(),
                         AT_SYMLINK_NOFOLLOW) == 0
                 ? Status{}
                 : error_at(node.path);
    }
    const auto first = first_names_.find(node.inode);
    if (S_ISREG(node.mode) && first->second != node.path) {
      return {};  // its first name is finished, or will be
    }
    PC_ASSIGN_OR_RETURN(const Fd fd, open(node.path, O_RDONLY));
    // The top stays closed to other users.
    const mode_t mode = node.path == "/" ? S_IRWXU : node.mode & kKeptMode;
    return ::fchmod(fd.get(), mode) == 0 && ::futimens(fd.get(), times.data()) == 0
               ? Status{}
               : error_at(node.path);
  }

  const Subject& subject_;
  std::size_t disk_;
  const Fd& top_;
  Fd at_;                // the directory that place_of() opened last; none: the top
  std::string at_path_;  // of at_; empty: the top
  std::map<std::uint64_t, std::string> first_names_;  // of regular files, by inode
  std::vector<std::string> skipped_;
};

}  // namespace

Result<std::vector<std::string>> copy_tree(const Subject& subject, std::size_t disk,
                                           const Ext2Files& files, const Fd& directory) {
  return TreeCopy(subject, disk, directory).run(files);
}

}  // namespace powercut
