// SPDX-License-Identifier: GPL-2.0-only
//
// The root of the file system that a workload works in, and the ways from there to its
// files: no symbolic link is followed, no other mount is entered, nothing above is
// reached. device/open_below.h is the same for who may know devices.
//
// Calls return 0 or an errno, for a refusal of the kernel is data here. Thread-safe.

#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace powercut {

// Where a name stands.
struct NamePlace {
  Fd directory;
  std::string name;  // "." for the root
};

class RootDir {
 public:
  // An Error if it is no directory.
  static Result<RootDir> open(const std::filesystem::path& path);

  // No directory: the one file there is is that device, named as raw_disk.h says.
  static Result<RootDir> open_disk(const std::filesystem::path& device);

  int fd() const { return fd_.get(); }

  // The directory of a path's last name: for the calls whose names end in "at". Paths
  // that lead out are EXDEV, what is no path of a workload is EINVAL.
  int find_place(const std::string& path, NamePlace& place) const;

  // What is there, opened with O_PATH. ELOOP for a symbolic link.
  int open_node(const std::string& path, Fd& node) const;

  // A regular file or a directory that is there. Others are ENXIO: to open a device
  // would lead out of the file system, to open a pipe may wait for ever.
  int open_file(const std::string& path, int flags, Fd& file) const;

  // With O_CREAT|O_EXCL added: a new file.
  int create_file(const std::string& path, int flags, mode_t mode, Fd& file) const;

  // A file without a name in the directory `path`: O_TMPFILE.
  int create_nameless(const std::string& path, int flags, mode_t mode, Fd& file) const;

 private:
  explicit RootDir(Fd fd, bool disk = false) : fd_(std::move(fd)), disk_(disk) {}

  int open_below(const std::string& path, int flags, mode_t mode, Fd& file) const;

  Fd fd_;
  bool disk_;
};

// A path that leads to what a descriptor stands for, also to one of O_PATH.
std::string path_of_descriptor(int fd);

}  // namespace powercut
