// SPDX-License-Identifier: GPL-2.0-only
//
// A FUSE mount and the threads that answer it, whatever it shows: what a DiskServer and
// an InstantServer have in common.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "device/connection_guard.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

struct fuse_lowlevel_ops;
struct fuse_session;

namespace powercut {

// Thread-safe. The destructor unmounts, aborts the connection if somebody still holds a
// file after `unmount_patience`, and joins the threads: it does not hang.
class FuseSession {
 public:
  struct Options {
    unsigned threads = 0;      // 0: one for each processor, at least 2
    bool allow_other = false;  // other users may open the files too
    bool read_only = false;    // the mount is read-only
    // A release is answered before the next request is taken. The kernel does not wait
    // for it when a file is closed, so that else an open of a program that comes later
    // could be answered first.
    bool releases_in_order = false;
    std::chrono::milliseconds unmount_patience{5000};
  };

  // Mounts at `mountpoint`, an absolute path of a directory. The mount is called
  // powercut-<run_id>. `userdata` is what the operations are called with.
  static Result<std::unique_ptr<FuseSession>> start(
      const std::filesystem::path& mountpoint, const std::string& run_id,
      const fuse_lowlevel_ops& operations, void* userdata, const Options& options);
  ~FuseSession();
  FuseSession(const FuseSession&) = delete;
  FuseSession& operator=(const FuseSession&) = delete;

  // Tells the kernel that a file may have another size than before.
  void notify_resized(std::uint64_t inode);

  // Returns when `fd` is readable, or somebody else has unmounted it.
  void wait_for(int fd) const;

  // What the destructor does, with the failure told: that a holder had to be cut off.
  // A second call does nothing.
  Status stop();

 private:
  FuseSession(std::filesystem::path mountpoint, const Options& options);

  Status mount(const std::string& run_id, const fuse_lowlevel_ops& operations,
               void* userdata);
  Status start_guard();
  void start_threads();
  void serve();
  void join_threads();
  void close_connection();
  std::string seen_there() const;
  bool unmount_within(std::chrono::milliseconds patience) const;
  void abort_connection() const;

  std::filesystem::path mountpoint_;
  std::string source_;  // the name of the mount
  Options options_;
  fuse_session* session_ = nullptr;
  unsigned connection_ = 0;   // the minor device number of the mount
  Fd ended_;                  // readable once a thread has stopped serving
  std::mutex receive_mutex_;  // with releases_in_order
  std::mutex stop_mutex_;
  bool mounted_ = false;
  std::unique_ptr<ConnectionGuard> guard_;
  std::atomic<unsigned> serving_{0};  // threads that have not ended
  std::vector<std::thread> threads_;
};

}  // namespace powercut
