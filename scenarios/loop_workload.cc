// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/loop_workload.h"

#include "base/ensure.h"
#include "base/fd.h"
#include "scenarios/local_mount.h"
#include "workload/scenario.h"
#include "workload/workload_text.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <utility>

namespace powercut {
namespace {

using std::chrono::milliseconds;

// How long a killed child, and what it had mounted, may take to go.
constexpr milliseconds kKillPatience{5000};

ServedDisk::Options disk_options(RecordingGate& gate) {
  ServedDisk::Options options;
  options.recorder = &gate;
  return options;
}

// Turns the recording off, whatever happens.
class OpenGate {
 public:
  OpenGate(RecordingGate& gate, EventSink& sink) : gate_(gate) { gate_.open(sink); }

  ~OpenGate() { gate_.close(); }

  OpenGate(const OpenGate&) = delete;
  OpenGate& operator=(const OpenGate&) = delete;

 private:
  RecordingGate& gate_;
};

}  // namespace

Result<std::unique_ptr<LoopWorkloads>> LoopWorkloads::start(
    const LoopWorkloadsOptions& options, const RunDir& run_dir) {
  if (::geteuid() != 0) {
    return fail(ErrorKind::kMissing, "cannot record workloads here: only root may mount",
                "run as root, or record in a guest");
  }
  if (options.size_bytes == 0 || options.size_bytes % options.block_bytes != 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("a disk of {} bytes is not made of {}-byte blocks",
                            options.size_bytes, options.block_bytes));
  }
  std::unique_ptr<LoopWorkloads> made(new LoopWorkloads(options, run_dir));
  PC_ASSIGN_OR_RETURN(made->mountpoint_, make_numbered_directory(run_dir, "mount"));
  PC_ASSIGN_OR_RETURN(made->disk_place_, make_numbered_directory(run_dir, "recorded"));
  PC_RETURN_IF_ERROR(made->make_ready());
  return made;
}

LoopWorkloads::LoopWorkloads(const LoopWorkloadsOptions& options, const RunDir& run_dir)
    : options_(options),
      run_dir_(run_dir),
      disk_(options.size_bytes, nullptr, disk_options(gate_)) {}

LoopWorkloads::~LoopWorkloads() {
  [[maybe_unused]] const Status ignored = take_down();
}

Status LoopWorkloads::make_ready() {
  if (process_ && process_->running()) {
    return {};
  }
  if (process_ && !process_->ended_within(kKillPatience)) {
    return fail(ErrorKind::kSystem,
                fmt::format("cannot record another workload: the kernel does not let go "
                            "of one that took too long (process {})",
                            process_->pid()),
                "what this machine's kernel cannot end, a guest can");
  }
  // Before there is anything that the child should not have.
  PC_ASSIGN_OR_RETURN(process_, VisitProcess::start(mountpoint_, workload_service()));
  DiskServer::Options serve;
  serve.threads = kRecordingThreads;
  PC_ASSIGN_OR_RETURN(server_, DiskServer::start(disk_place_, run_dir_.run_id(),
                                                 {{"disk", &disk_}}, serve));
  PC_ASSIGN_OR_RETURN(const Fd file, Fd::open(server_->path(0), O_RDWR | O_DIRECT));
  LoopDevice::Options options;
  options.block_bytes = options_.block_bytes;
  options.direct_io = true;
  PC_ASSIGN_OR_RETURN(loop_, LoopDevice::attach(file, options));
  return {};
}

// All of it. A child that the kernel does not let go stays in process_; that its disk is
// cut off should end it.
Status LoopWorkloads::take_down() {
  gate_.close();
  bool ended = true;
  if (process_) {
    process_->kill();
    ended = process_->ended_within(kKillPatience);
  }
  const Status detached = loop_ && ended ? loop_->detach() : Status();
  Status stopped = server_ ? server_->stop() : Status();
  server_.reset();
  loop_.reset();
  if (process_ && process_->ended_within(kKillPatience)) {
    process_.reset();
  }
  PC_RETURN_IF_ERROR(detached);
  return stopped;
}

Result<LoopWorkloadEnd> LoopWorkloads::finish(const GuestMessage& performed) {
  PC_ASSIGN_OR_RETURN(WorkloadEnd end, read_performed(performed));
  if (end.mount_problem.empty()) {
    PC_RETURN_IF_ERROR(gate_.mark("end"));
  }
  return LoopWorkloadEnd{end.performed, false, std::move(end.mount_problem)};
}

// With the child, until it is done. Whoever gets an Error, or that the time was up, has
// to take it down.
Result<LoopWorkloadEnd> LoopWorkloads::converse(const PerformRequest& request) {
  const VisitProcess::Clock::time_point deadline =
      VisitProcess::Clock::now() + request.timeout;
  const WorkloadPlace place{loop_->path(), mountpoint_, request.file_system,
                            options_for_many(request.file_system, request.mount_options)};
  bool sent = process_->channel()
                  .send(perform_message(place, *request.workload, request.timeout))
                  .has_value();
  while (sent) {
    PC_ASSIGN_OR_RETURN(const std::optional<GuestMessage> message,
                        process_->next_message(deadline));
    if (!message) {
      return LoopWorkloadEnd{{}, true, {}};
    }
    if (message->type == "performed") {
      return finish(*message);
    }
    sent = message->type == "mark" &&
           process_->channel().send(marked_message(gate_.mark(message->payload)));
  }
  return fail(
      ErrorKind::kSystem,
      fmt::format("the process that performs workloads died: {}", process_->end()));
}

Result<LoopWorkloadEnd> LoopWorkloads::perform(const PerformRequest& request,
                                               EventSink& sink) {
  PC_ENSURE(request.workload != nullptr, "a workload to perform");
  if (request.base == nullptr || request.base->size_bytes() != options_.size_bytes) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("a disk of {} bytes begins with a base of {}", options_.size_bytes,
                    request.base ? request.base->size_bytes() : 0));
  }
  PC_RETURN_IF_ERROR(make_ready());
  disk_.reset(request.base);
  disk_.set_write_latency(request.latency);
  disk_.record_to(&gate_);  // forgets that the last recorder failed
  const OpenGate open(gate_, sink);
  Result<LoopWorkloadEnd> end = converse(request);
  std::optional<Error> recorder = disk_.recorder_error();
  if (!end || end->timed_out || !end->mount_problem.empty()) {
    [[maybe_unused]] const Status ignored = take_down();
  }
  // All else that went wrong follows from that.
  if (recorder) {
    return fail(std::move(*recorder));
  }
  if (const std::optional<Error> unread = disk_.read_error()) {
    return fail(*unread);
  }
  return end;
}

Result<PerformedWorkload> LoopWorkloads::record(const PerformRequest& request,
                                                EventSink& sink) {
  PC_ASSIGN_OR_RETURN(const LoopWorkloadEnd end, perform(request, sink));
  PerformedWorkload performed;
  if (end.timed_out) {
    performed.problem = fmt::format("it took longer than {} ms", request.timeout.count());
  } else if (end.performed.failed) {
    performed.problem = describe_failure(*request.workload, end.performed.failure);
  } else {
    performed.problem = end.mount_problem;
  }
  performed.done = performed.problem.empty();
  return performed;
}

std::string LoopWorkloads::kernel() const {
  utsname name = {};
  return ::uname(&name) == 0 ? kernel_text(name.release, name.version) : "";
}

std::string describe_failure(const Workload& workload, const PerformFailure& failure) {
  const Operation& operation = workload.operations.at(failure.operation);
  return fmt::format("line {}: '{}': {}", operation.line, to_text(operation),
                     std::strerror(failure.error_number));
}

}  // namespace powercut
