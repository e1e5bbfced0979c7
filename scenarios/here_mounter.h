// SPDX-License-Identifier: GPL-2.0-only
//
// Has states mounted by this machine's kernel: through a loop device on each served disk.
//
// A state that makes the kernel fail makes the kernel of this machine fail. What it logs
// is told apart from what others make it log by the name of the loop device; see
// kernel_messages_about().

#pragma once

#include "base/result.h"
#include "checkers/mounter.h"
#include "device/loop_device.h"
#include "device/run_dir.h"
#include "device/visit_process.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// Not thread-safe; its calls may come from one thread after the other. The disks' server
// may live in this very process: nothing here waits for it in the kernel but a child that
// holds none of its descriptors.
//
// A loop device is attached at the first mount of its disk and kept. When a visit takes
// too long, its child is killed and its loop let go; while the kernel still has the old
// state mounted, every other mount of that disk is an Error, for both would write to it.
//
// XFS is mounted with "nouuid": see options_for_many().
class HereMounter : public Mounter {
 public:
  struct Options {
    std::uint32_t block_bytes = 512;  // logical block of the recorded disk
  };

  // `disks` are the files of the worker's served disks. An Error of kind kMissing if we
  // are not root. The mount point lies in `run_dir`, which must outlive it.
  static Result<std::unique_ptr<HereMounter>> create(
      std::vector<std::filesystem::path> disks, const RunDir& run_dir,
      const Options& options);
  ~HereMounter() override;

  Result<MountReport> mount(
      std::size_t disk, const MountRequest& request,
      const std::function<void(std::size_t unit)>& begin_probe) override;

  std::string place() const override { return "here"; }

 private:
  struct Disk {
    std::filesystem::path file;
    std::optional<LoopDevice> loop;
    std::string stuck_loop;  // its name, while the kernel may not have let go of it
  };

  HereMounter() = default;

  Status make_ready(Disk& disk);
  Status check_let_go(Disk& disk);
  void give_up(Disk& disk);

  std::vector<Disk> disks_;
  std::filesystem::path mountpoint_;
  Options options_;
  std::unique_ptr<VisitProcess> process_;
};

}  // namespace powercut
