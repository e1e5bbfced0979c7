// SPDX-License-Identifier: GPL-2.0-only
//
// The disks of a state as files, and one of them mounted, until this object goes. Where
// others see it: it is made in a thread that is back in their mount namespace.

#pragma once

#include "base/fd.h"
#include "device/connection_guard.h"
#include "device/disk_server.h"
#include "device/lasting_thread.h"
#include "device/loop_device.h"
#include "device/mount.h"
#include "device/run_dir.h"
#include "device/served_disk.h"
#include "replay/crash_state.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

struct StateMountOptions {
  std::filesystem::path directory;  // empty: one in the run directory
  std::uint16_t device = 0;         // which is mounted
  std::string type;                 // empty: guessed by its superblock
  std::string options;              // as mount -o takes them
};

class StateMount {
 public:
  // Serves; as root, mounts too. Throws Failure. A kernel that refuses is an Error whose
  // message says what it said. `others` is their namespace; none: our own is theirs.
  StateMount(const CrashState& state, const RunDir& run_dir, const Fd& others,
             const StateMountOptions& options);
  ~StateMount();
  StateMount(const StateMount&) = delete;
  StateMount& operator=(const StateMount&) = delete;

  // The served files.
  const std::vector<std::filesystem::path>& files() const { return files_; }

  // Empty: only served.
  const std::filesystem::path& mounted_at() const { return mounted_at_; }

  // What the destructor does, with what went wrong told. A second call does nothing.
  Status stop();

 private:
  void start(const CrashState& state, const RunDir& run_dir,
             const StateMountOptions& options);
  void mount(const CrashState& state, const StateMountOptions& options);

  std::unique_ptr<LastingThread> thread_;
  std::vector<std::unique_ptr<ServedDisk>> disks_;
  std::unique_ptr<DiskServer> server_;
  std::unique_ptr<ConnectionGuard> guard_;
  std::optional<LoopDevice> loop_;
  std::optional<Mount> mount_;
  std::filesystem::path own_directory_;  // made by us
  std::vector<std::filesystem::path> files_;
  std::filesystem::path mounted_at_;
};

// "ext4", "xfs", "btrfs", "f2fs", "vfat", or empty: what the superblock says.
std::string file_system_on(const BlockSource& disk);

}  // namespace powercut
