// SPDX-License-Identifier: GPL-2.0-only
//
// Shows a tree of names, each of which is a disk of its own, as files: a FUSE mount that
// makes a disk when its file is opened. docs/mount.md tells what a user sees.

#pragma once

#include "base/result.h"
#include "device/instant_tree.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace powercut {

// Thread-safe. The destructor unmounts as a DiskServer's does.
class InstantServer {
 public:
  struct Options {
    bool read_only = false;          // files refuse writes
    std::int64_t modified_time = 0;  // of all names, in seconds since 1970
    std::chrono::milliseconds unmount_patience{5000};
  };

  // Mounts at `mountpoint`, an absolute path of an empty directory. The mount is called
  // powercut-<run_id>. The tree must outlive the server.
  static Result<std::unique_ptr<InstantServer>> start(
      const std::filesystem::path& mountpoint, const std::string& run_id,
      const InstantTree& tree, const Options& options);
  ~InstantServer();
  InstantServer(const InstantServer&) = delete;
  InstantServer& operator=(const InstantServer&) = delete;

  // Returns when `fd` is readable, or somebody else has unmounted it.
  void wait_for(int fd) const;

  // Unmounts; tells if a holder had to be cut off. A second call does nothing.
  Status stop();

 private:
  struct Shown;

  explicit InstantServer(std::unique_ptr<Shown> shown);

  std::unique_ptr<Shown> shown_;
};

}  // namespace powercut
