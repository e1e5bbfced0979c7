// SPDX-License-Identifier: GPL-2.0-only
//
// Records many small workloads one after the other with the kernel of a guest: one guest
// lives through them, on a served disk that begins anew with each. What is recorded is
// what QEMU sends; see docs/guest.md.
//
// A guest that dies or hangs is booted anew for the next workload.

#pragma once

#include "base/result.h"
#include "device/disk_server.h"
#include "device/guest/guest.h"
#include "device/lasting_thread.h"
#include "device/run_dir.h"
#include "device/served_disk.h"
#include "scenarios/recording_gate.h"
#include "scenarios/workload_recorder.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace powercut {

struct GuestWorkloadsOptions {
  GuestOptions guest;  // its disk is added
  std::uint64_t size_bytes = 0;
  std::uint32_t block_bytes = 512;
};

// Not thread-safe; its calls may come from one thread after the other.
class GuestWorkloads : public WorkloadRecorder {
 public:
  // `run_dir` must outlive it. The guest is booted by the first record().
  static Result<std::unique_ptr<GuestWorkloads>> start(
      const GuestWorkloadsOptions& options, const RunDir& run_dir);
  ~GuestWorkloads() override;

  Result<PerformedWorkload> record(const PerformRequest& request,
                                   EventSink& sink) override;

  std::string kernel() const override { return kernel_; }

  std::string place() const override { return "guest"; }

  // How many guests were started.
  std::size_t boots() const { return boots_; }

 private:
  GuestWorkloads(GuestWorkloadsOptions options, const RunDir& run_dir);

  Status make_ready(const PerformRequest& request);
  Result<PerformedWorkload> converse(const PerformRequest& request);

  GuestWorkloadsOptions options_;
  const RunDir& run_dir_;
  std::string kernel_;
  std::string modules_of_;  // the file system whose modules the guest has
  std::size_t boots_ = 0;
  // Taken down in reverse order.
  RecordingGate gate_;
  ServedDisk disk_;
  std::unique_ptr<DiskServer> server_;
  LastingThread starter_;  // QEMU dies with the thread that started it
  std::unique_ptr<Guest> guest_;
};

}  // namespace powercut
