// SPDX-License-Identifier: GPL-2.0-only
//
// Where the workloads of scenarios are performed and recorded, one after the other: on a
// loop device here, or in a guest. The disk begins anew with every workload.

#pragma once

#include "base/block_source.h"
#include "base/result.h"
#include "log/event_sink.h"
#include "workload/operation.h"

#include <chrono>
#include <memory>
#include <string>

namespace powercut {

// How a workload ended. What is in the log holds in every case.
struct PerformedWorkload {
  bool done = false;    // every operation succeeded, and the file system was unmounted
  std::string problem;  // one line, if not done: "line 3: 'fsync foo': No space left ..."
};

// Of the server of a recorded disk: a write that stays in flight keeps one, and a flush
// that is sent meanwhile needs another.
inline constexpr unsigned kRecordingThreads = 32;

struct PerformRequest {
  std::shared_ptr<const BlockSource> base;  // the disk, with its file system
  std::string file_system;                  // "none": the disk itself is worked on
  std::string mount_options;
  std::chrono::milliseconds latency{0};  // for which a write stays in flight
  const Workload* workload = nullptr;    // borrowed
  std::chrono::milliseconds timeout{60000};
};

// Not thread-safe.
class WorkloadRecorder {
 public:
  virtual ~WorkloadRecorder() = default;

  // Mounts the disk, performs the workload in it, unmounts it; or performs it on the disk
  // itself. All that reaches the disk
  // goes to `sink`, with the marks of perform(), and "end" behind the unmount. An Error:
  // this place cannot record at all, or the recorder failed.
  virtual Result<PerformedWorkload> record(const PerformRequest& request,
                                           EventSink& sink) = 0;

  // "6.1.0-56-cloud-amd64": of the kernel that performs; after the first record().
  virtual std::string kernel() const = 0;

  // "loop", "guest".
  virtual std::string place() const = 0;
};

}  // namespace powercut
