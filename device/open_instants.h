// SPDX-License-Identifier: GPL-2.0-only
//
// The disks of an InstantTree that somebody has open: each is made at the first open and
// has a scratch overlay of its own.
//
// A disk and what was written to it are forgotten when the last handle is closed, unless
// a program that opened it and wrote to it still runs: e2fsck closes a disk in the midst
// of its work and opens it again. Of such closed disks the last kMostKept are kept.

#pragma once

#include "base/fd.h"
#include "device/instant_tree.h"
#include "device/served_disk.h"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace powercut {

// Thread-safe.
class OpenInstants {
 public:
  static constexpr std::size_t kMostKept = 16;

  // The tree must outlive it.
  OpenInstants(const InstantTree& tree, bool read_only);
  ~OpenInstants();
  OpenInstants(const OpenInstants&) = delete;
  OpenInstants& operator=(const OpenInstants&) = delete;

  // A disk with handles; lives until the last of them is closed.
  class Instant;

  // `writer`: the thread or process that may write, 0: none, or one that is not known.
  Result<Instant*> open(const std::string& path, pid_t writer);
  // That this thread or process, known or not, has written.
  void wrote(Instant& instant, pid_t writer);
  void close(Instant* instant);
  static ServedDisk& disk(Instant& instant);

  // Disks that are held, open or kept.
  std::size_t held() const;

 private:
  using Kept = std::list<Instant*>;

  Instant* take(const std::string& path, pid_t writer);
  void forget(Kept::iterator kept);
  void forget_ended();

  const InstantTree& tree_;
  bool read_only_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Instant>> instants_;
  Kept kept_;  // without handles, the oldest first
};

}  // namespace powercut
