// SPDX-License-Identifier: GPL-2.0-only
//
// Cuts the connection of a disk server whose process is being killed.
//
// A process that serves a disk and at the same time waits in the kernel for that disk
// (mounts it through a loop, opens its file) cannot die of kill -9: the serving threads
// go, the waiting one stays for an answer that nobody gives, and with it the descriptor
// that would end the connection. So a small child watches: when the thread that made it
// dies, the kernel sends it a signal, and it forces the unmount, which aborts the
// connection.

#pragma once

#include "base/result.h"

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <thread>

namespace powercut {

// Thread-safe construction and destruction. As root only; start() gives null otherwise.
class ConnectionGuard {
 public:
  // Watches over the FUSE mount at `mountpoint` until destroyed. Destroy it before the
  // server's ordinary unmount or after, but not while the path may be another mount.
  static Result<std::unique_ptr<ConnectionGuard>> start(
      const std::filesystem::path& mountpoint);
  // The same where others see the mounts, so that no namespace takes them along: then
  // what is mounted at `above`, on a disk of that server, and the server's own mount are
  // detached too.
  static Result<std::unique_ptr<ConnectionGuard>> start(
      const std::filesystem::path& mountpoint, const std::filesystem::path& above);
  ~ConnectionGuard();
  ConnectionGuard(const ConnectionGuard&) = delete;
  ConnectionGuard& operator=(const ConnectionGuard&) = delete;

 private:
  ConnectionGuard() = default;

  pid_t child_ = -1;
  // Makes the child and does nothing else, so that it never waits for the disk itself.
  std::thread thread_;
};

}  // namespace powercut
