// SPDX-License-Identifier: GPL-2.0-only
//
// A directory for one run of a program that may do in it what it likes; it begins empty,
// and everything in it goes with it, whatever permissions, names and links are there.
// Never a way out of it: no symbolic link is followed.

#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <filesystem>

namespace powercut {

// Move-only; belongs to one thread. The destructor removes it as far as that is possible.
class FreshDirectory {
 public:
  // Only its owner may enter it. What is there already is removed: the leftover of a run
  // that was killed.
  static Result<FreshDirectory> make(const std::filesystem::path& path);
  ~FreshDirectory();
  FreshDirectory(FreshDirectory&&) noexcept = default;
  FreshDirectory& operator=(FreshDirectory&&) = delete;
  FreshDirectory(const FreshDirectory&) = delete;
  FreshDirectory& operator=(const FreshDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  const Fd& fd() const { return fd_; }

  // Once; an Error names what could not be removed.
  Status remove();

 private:
  FreshDirectory(std::filesystem::path path, Fd fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}

  std::filesystem::path path_;
  Fd fd_;  // none: removed, or moved from
};

}  // namespace powercut
