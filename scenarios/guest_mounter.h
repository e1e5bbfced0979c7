// SPDX-License-Identifier: GPL-2.0-only
//
// Has states mounted by the kernel of a guest, which may die of it.

#pragma once

#include "base/result.h"
#include "checkers/mounter.h"
#include "device/guest/guest.h"
#include "device/lasting_thread.h"
#include "device/run_dir.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace powercut {

struct GuestMounterOptions {
  GuestOptions guest;               // its disks are added
  std::uint32_t block_bytes = 512;  // logical block of the recorded disks
  // Called when a guest has come up, before its first visit. A kernel that finds disks
  // looks for partitions: who counts what is read begins anew here. Nothing was written.
  std::function<void()> on_booted;
};

// Not thread-safe; its calls may come from one thread after the other. The guest is
// booted by the first mount and lives through many; it is booted anew after it died. The
// disks are the same to it all the time: QEMU caches nothing of them, and the guest drops
// what its kernel caches before each visit.
//
// A dead guest is the machine_failure of the report: a panic (an oops is one), a hang, a
// timeout, a QEMU that died. An Error: the guest never came up once, its kernel has not
// the file system, or a QEMU cannot be ended because its disk does not answer.
class GuestMounter : public Mounter {
 public:
  // `disks` are the files of the worker's served disks. `run_dir` must outlive it.
  GuestMounter(std::vector<std::filesystem::path> disks, const RunDir& run_dir,
               GuestMounterOptions options);
  ~GuestMounter() override;

  Result<MountReport> mount(
      std::size_t disk, const MountRequest& request,
      const std::function<void(std::size_t unit)>& begin_probe) override;

  Result<ScriptReport> run_script(
      const ScriptRequest& request,
      const std::function<void(std::size_t part)>& begin_probe) override;

  // "guest", and behind it the kernel's version once it was booted.
  std::string place() const override;

  // How many guests were started.
  std::size_t boots() const { return boots_; }

  // The one that lives, or null: to look into it.
  Guest* guest() { return guest_ && guest_->alive() ? guest_.get() : nullptr; }

 private:
  Status start_guest();
  // A guest that is up; or what keeps the one before it from coming up again.
  Result<std::optional<GuestFailure>> make_ready(const std::string& file_system);

  const RunDir& run_dir_;
  GuestMounterOptions options_;
  std::string kernel_version_;
  std::size_t boots_ = 0;
  bool was_up_ = false;
  LastingThread starter_;         // QEMU dies with the thread that started it
  std::unique_ptr<Guest> guest_;  // goes before it
};

}  // namespace powercut
