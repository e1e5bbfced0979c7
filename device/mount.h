// SPDX-License-Identifier: GPL-2.0-only
//
// A file system that is mounted as long as the object lives.

#pragma once

#include "base/result.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace powercut {

struct MountOptions {
  std::filesystem::path source;  // a block device, mostly
  std::filesystem::path target;  // an existing directory
  std::string type;              // "ext4"
  std::string options;           // as mount -o takes them: "ro,noatime,data=journal"
};

// Move-only; not thread-safe. The destructor unmounts.
class Mount {
 public:
  // `kernel_errno`, if given, gets what mount(2) said (0, EUCLEAN, EINVAL, ...): for a
  // checker it is a finding that a file system refuses to mount.
  static Result<Mount> mount(const MountOptions& options, int* kernel_errno = nullptr);
  ~Mount();
  Mount(Mount&& other) noexcept;
  Mount& operator=(Mount&& other) noexcept;
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;

  const std::filesystem::path& target() const { return target_; }

  // Writes out what is dirty and waits for it: syncfs(2).
  Status sync() const;
  // As sync, and waits until no write is under way: FIFREEZE and FITHAW.
  Status freeze_and_thaw() const;

  // Retries while busy, for two seconds; then detaches it, and the Error names the
  // processes that hold it.
  Status unmount();

 private:
  explicit Mount(std::filesystem::path target) : target_(std::move(target)) {}

  std::filesystem::path target_;  // empty: nothing mounted
};

// Unmounts `target` as Mount::unmount() does.
Status unmount_path(const std::filesystem::path& target);

// The flags of mount(2) and what is left for the file system, of a -o text.
struct SplitOptions {
  unsigned long flags = 0;
  std::string data;
};

SplitOptions split_mount_options(std::string_view options);

}  // namespace powercut
