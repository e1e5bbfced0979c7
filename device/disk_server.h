// SPDX-License-Identifier: GPL-2.0-only
//
// Shows served disks as files: a FUSE mount with a flat directory, one file a disk, which
// a checker opens, a loop device sits on, or a guest uses as its disk.
//
// Nothing is cached by the kernel: every read and write of a file is one request to its
// disk, so a disk may be swapped to another state between two of them.

#pragma once

#include "base/result.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace powercut {

class ServedDisk;

// One file of a server. The disk must outlive the server.
struct DiskFile {
  std::string name;  // without '/'
  ServedDisk* disk = nullptr;
};

// Thread-safe. The destructor unmounts, aborts the connection if somebody still holds a
// file after `unmount_patience`, and joins the threads: it does not hang.
class DiskServer {
 public:
  struct Options {
    unsigned threads = 0;      // 0: one for each processor, at least 2
    bool allow_other = false;  // other users may open the files too
    bool read_only = false;    // the mount is read-only
    std::chrono::milliseconds unmount_patience{5000};
  };

  // Mounts at `mountpoint`, an empty directory. The mount is called powercut-<run_id>.
  static Result<std::unique_ptr<DiskServer>> start(
      const std::filesystem::path& mountpoint, const std::string& run_id,
      std::vector<DiskFile> files, const Options& options);
  ~DiskServer();
  DiskServer(const DiskServer&) = delete;
  DiskServer& operator=(const DiskServer&) = delete;

  // Where disk `index` is seen as a file.
  const std::filesystem::path& path(std::size_t index) const;

  // Tells the kernel that disk `index` may have another size than before.
  void notify_resized(std::size_t index);

  // What the destructor does, with the failure told: that a holder had to be cut off.
  // A second call does nothing.
  Status stop();

 private:
  struct Shown;

  explicit DiskServer(std::unique_ptr<Shown> shown);

  std::unique_ptr<Shown> shown_;
};

}  // namespace powercut
