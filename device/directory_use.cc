// SPDX-License-Identifier: GPL-2.0-only

#include "device/directory_use.h"

#include "base/fd.h"
#include "device/open_below.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace powercut {
namespace {

constexpr const char* kFirstName = ".powercut-use";
constexpr const char* kSecondName = ".powercut-used";
constexpr const char* kDirectoryName = ".powercut-use-dir";
constexpr std::size_t kBytes = 4096;

// The operations on one directory, until the first that fails.
class DirectoryUse {
 public:
  explicit DirectoryUse(int directory) : directory_(directory) {}

  bool run() { return write_file() && rename_file() && remove_file() && use_directory(); }

  // "rename: No space left on device"
  const std::string& failure() const { return failure_; }

 private:
  bool succeeded(const char* operation, bool ok) {
    if (!ok) {
      failure_ = fmt::format("{}: {}", operation, std::generic_category().message(errno));
    }
    return ok;
  }

  bool write_file();
  bool rename_file();
  bool remove_file();
  bool use_directory();

  int directory_;
  std::string failure_;
};

bool DirectoryUse::write_file() {
  const Fd file(::openat(directory_, kFirstName,
                         O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!succeeded("create", file.valid())) {
    return false;
  }
  std::array<char, kBytes> bytes;
  bytes.fill('u');
  const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
  if (put >= 0 && put < static_cast<ssize_t>(kBytes)) {
    errno = ENOSPC;
  }
  return succeeded("write", put == static_cast<ssize_t>(kBytes)) &&
         succeeded("fsync", ::fsync(file.get()) == 0);
}

bool DirectoryUse::rename_file() {
  if (!succeeded("rename",
                 ::renameat(directory_, kFirstName, directory_, kSecondName) == 0)) {
    return false;
  }
  struct stat status = {};
  if (!succeeded("stat",
                 ::fstatat(directory_, kSecondName, &status, AT_SYMLINK_NOFOLLOW) == 0)) {
    return false;
  }
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1 ||
      status.st_size != static_cast<off_t>(kBytes)) {
    failure_ = fmt::format("stat: mode {:o}, {} links, {} bytes of a new file",
                           status.st_mode, status.st_nlink, status.st_size);
    return false;
  }
  return true;
}

bool DirectoryUse::remove_file() {
  if (!succeeded("unlink", ::unlinkat(directory_, kSecondName, 0) == 0)) {
    return false;
  }
  struct stat status = {};
  if (::fstatat(directory_, kSecondName, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    failure_ = "unlink: the name is still there";
    return false;
  }
  return succeeded("stat after unlink", errno == ENOENT);
}

bool DirectoryUse::use_directory() {
  return succeeded("mkdir", ::mkdirat(directory_, kDirectoryName, 0700) == 0) &&
         succeeded("rmdir", ::unlinkat(directory_, kDirectoryName, AT_REMOVEDIR) == 0);
}

bool may_be_used(int directory) {
  struct statx status = {};
  return ::statx(directory, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) != 0 ||
         (status.stx_attributes &
          (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_ENCRYPTED)) == 0;
}

}  // namespace

void use_directories(int root, const FileTree& tree, ProblemList& problems) {
  for (const FileNode& node : tree) {
    if (!S_ISDIR(node.mode)) {
      continue;
    }
    const std::string name = escape_name(node.path);
    const Fd directory = open_below(root, node.path, O_RDONLY | O_DIRECTORY | O_NOATIME);
    if (!directory.valid()) {
      problems.add_line(
          fmt::format("use {}: open: {}", name, std::generic_category().message(errno)));
      continue;
    }
    if (!may_be_used(directory.get())) {
      continue;
    }
    DirectoryUse use(directory.get());
    if (!use.run()) {
      problems.add_line(fmt::format("use {}: {}", name, use.failure()));
    }
  }
}

}  // namespace powercut
