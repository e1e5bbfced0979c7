// SPDX-License-Identifier: GPL-2.0-only
//
// The directory of one run: mount points, images and logs that die with it.

#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <filesystem>
#include <string>

namespace powercut {

// $TMPDIR/powercut-<run id>, or /tmp/... . Its file "owner" is locked as long as the
// process lives, so another process can tell a live run from a dead one. The destructor
// removes everything below, but nothing behind a mount. Move-only.
class RunDir {
 public:
  static Result<RunDir> create();
  ~RunDir();
  RunDir(RunDir&&) noexcept = default;
  RunDir& operator=(RunDir&& other) noexcept;
  RunDir(const RunDir&) = delete;
  RunDir& operator=(const RunDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

  const std::string& run_id() const { return run_id_; }

  // A new directory `name` below.
  Result<std::filesystem::path> make_directory(const std::string& name) const;

  // Leaves the directory in place when this object goes; for a failed test.
  void keep() { kept_ = true; }

 private:
  RunDir(std::filesystem::path path, std::string run_id, Fd owner);

  void remove();

  std::filesystem::path path_;  // empty when moved from
  std::string run_id_;
  Fd owner_;
  bool kept_ = false;
};

enum class RunState {
  kAlive,  // a process holds the lock
  kDead,   // there is a directory, and nobody holds its lock
  kGone,   // no such directory
};

// What the owner lock of a run directory says.
RunState run_state(const std::filesystem::path& run_directory);

// The first line of the owner file ("pid 12 powercut check ..."), or empty.
std::string run_owner(const std::filesystem::path& run_directory);

// Where run directories are made: $TMPDIR, or /tmp.
std::filesystem::path run_dir_parent();

// Removes a tree, but stays on its mount: what is mounted below stays, with the path to
// it. The Error names the first thing that could not be removed.
Status remove_tree(const std::filesystem::path& path);

}  // namespace powercut
