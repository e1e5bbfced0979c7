// SPDX-License-Identifier: GPL-2.0-only
//
// Records many small workloads one after the other with this machine's kernel: one served
// disk, one loop device and one child that mounts are kept over all of them, so that a
// workload costs some milliseconds.
//
// What hangs is killed, and disk, loop and child are made anew for the next workload.

#pragma once

#include "base/result.h"
#include "device/disk_server.h"
#include "device/loop_device.h"
#include "device/run_dir.h"
#include "device/served_disk.h"
#include "device/visit_process.h"
#include "scenarios/recording_gate.h"
#include "scenarios/workload_child.h"
#include "scenarios/workload_recorder.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace powercut {

struct LoopWorkloadsOptions {
  std::uint64_t size_bytes = 0;     // of every disk
  std::uint32_t block_bytes = 512;  // its logical block
};

struct LoopWorkloadEnd {
  PerformResult performed;
  bool timed_out = false;
  // Why the disk was not mounted, or not unmounted; empty: it was, or the time was up.
  std::string mount_problem;
};

// Not thread-safe. Nothing here waits in the kernel for the disk that this process
// serves; that does the child.
class LoopWorkloads : public WorkloadRecorder {
 public:
  // Errors of kind kMissing: we are not root, there is no FUSE or no loop device. Mount
  // points lie in `run_dir`, which must outlive it.
  static Result<std::unique_ptr<LoopWorkloads>> start(const LoopWorkloadsOptions& options,
                                                      const RunDir& run_dir);
  ~LoopWorkloads() override;

  // Past the timeout the child is killed; what was recorded until then stays in the sink,
  // and nothing comes after. An Error: a mark was refused, the recorder failed, Ctrl-C,
  // or the child died.
  Result<LoopWorkloadEnd> perform(const PerformRequest& request, EventSink& sink);

  // The same.
  Result<PerformedWorkload> record(const PerformRequest& request,
                                   EventSink& sink) override;

  std::string kernel() const override;

  std::string place() const override { return "loop"; }

 private:
  LoopWorkloads(const LoopWorkloadsOptions& options, const RunDir& run_dir);

  Status make_ready();
  Status take_down();
  Result<LoopWorkloadEnd> converse(const PerformRequest& request);
  Result<LoopWorkloadEnd> finish(const GuestMessage& performed);

  LoopWorkloadsOptions options_;
  const RunDir& run_dir_;
  std::filesystem::path mountpoint_;  // of the workloads
  std::filesystem::path disk_place_;  // of the disk as a file
  // Taken down in reverse order.
  RecordingGate gate_;
  ServedDisk disk_;
  std::unique_ptr<DiskServer> server_;
  std::optional<LoopDevice> loop_;
  std::unique_ptr<VisitProcess> process_;
};

// "line 3: 'fsync foo': No space left on device"
std::string describe_failure(const Workload& workload, const PerformFailure& failure);

}  // namespace powercut
