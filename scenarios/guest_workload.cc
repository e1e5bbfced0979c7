// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/guest_workload.h"

#include "base/ensure.h"
#include "scenarios/guest_modules.h"
#include "scenarios/local_mount.h"
#include "scenarios/loop_workload.h"
#include "scenarios/workload_child.h"
#include "workload/scenario.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

namespace powercut {
namespace {

constexpr const char* kDisk = "/dev/vda";
constexpr const char* kMountPoint = "/mnt";
constexpr std::chrono::milliseconds kGonePatience{5000};

ServedDisk::Options disk_options(RecordingGate& gate) {
  ServedDisk::Options options;
  options.recorder = &gate;
  return options;
}

}  // namespace

Result<std::unique_ptr<GuestWorkloads>> GuestWorkloads::start(
    const GuestWorkloadsOptions& options, const RunDir& run_dir) {
  if (options.size_bytes == 0 || options.size_bytes % options.block_bytes != 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("a disk of {} bytes is not made of {}-byte blocks",
                            options.size_bytes, options.block_bytes));
  }
  std::unique_ptr<GuestWorkloads> made(new GuestWorkloads(options, run_dir));
  PC_ASSIGN_OR_RETURN(const std::filesystem::path place,
                      make_numbered_directory(run_dir, "recorded"));
  DiskServer::Options serve;
  serve.threads = kRecordingThreads;
  PC_ASSIGN_OR_RETURN(made->server_, DiskServer::start(place, run_dir.run_id(),
                                                       {{"disk", &made->disk_}}, serve));
  GuestDisk disk;
  disk.file = made->server_->path(0);
  disk.block_bytes = options.block_bytes;
  disk.kernel_aio = true;
  made->options_.guest.disks = {disk};
  return made;
}

GuestWorkloads::GuestWorkloads(GuestWorkloadsOptions options, const RunDir& run_dir)
    : options_(std::move(options)),
      run_dir_(run_dir),
      disk_(options_.size_bytes, nullptr, disk_options(gate_)) {}

GuestWorkloads::~GuestWorkloads() {
  gate_.close();
  guest_.reset();
}

Status GuestWorkloads::make_ready(const PerformRequest& request) {
  if (guest_ && (!guest_->alive() || modules_of_ != request.file_system)) {
    guest_->kill();
    if (!guest_->gone_within(kGonePatience)) {
      return fail(ErrorKind::kSystem,
                  "cannot record another workload: the QEMU of the one before does not "
                  "end, its disk does not answer");
    }
    guest_.reset();
  }
  if (guest_) {
    return {};
  }
  GuestOptions options = options_.guest;
  PC_RETURN_IF_ERROR(add_file_system_modules(request.file_system, options));
  modules_of_ = request.file_system;
  disk_.reset(request.base);
  Result<std::unique_ptr<Guest>> started;
  starter_.run([&] { started = Guest::start(options, run_dir_); });
  if (!started) {
    return fail(std::move(started).error());
  }
  guest_ = std::move(*started);
  ++boots_;
  if (const std::optional<GuestFailure> failure = guest_->boot()) {
    return fail(
        failure->kind == GuestFailureKind::kInterrupted ? ErrorKind::kInterrupted
        : failure->kind == GuestFailureKind::kSetup     ? ErrorKind::kMissing
                                                        : ErrorKind::kSystem,
        fmt::format("no workload can be recorded in a guest: {}", failure->message),
        describe(*failure));
  }
  kernel_ = kernel_text(guest_->kernel_version(), guest_->console());
  return {};
}

Result<PerformedWorkload> GuestWorkloads::record(const PerformRequest& request,
                                                 EventSink& sink) {
  PC_ENSURE(request.workload != nullptr, "a workload to perform");
  PC_RETURN_IF_ERROR(make_ready(request));
  disk_.reset(request.base);
  disk_.set_write_latency(request.latency);
  disk_.record_to(&gate_);  // forgets that the last recorder failed
  gate_.open(sink);
  Result<PerformedWorkload> performed = converse(request);
  gate_.close();
  if (const std::optional<Error> recorder = disk_.recorder_error()) {
    return fail(*recorder);
  }
  if (const std::optional<Error> unread = disk_.read_error()) {
    return fail(*unread);
  }
  return performed;
}

Result<PerformedWorkload> GuestWorkloads::converse(const PerformRequest& request) {
  const WorkloadPlace place{kDisk, kMountPoint, request.file_system,
                            request.mount_options};
  const Guest::Answer answer = guest_->ask(
      perform_message(place, *request.workload, request.timeout), request.timeout,
      [&](const GuestMessage& mark) { return marked_message(gate_.mark(mark.payload)); });
  PerformedWorkload performed;
  if (answer.failure) {
    if (answer.failure->kind == GuestFailureKind::kInterrupted) {
      return fail(ErrorKind::kInterrupted, answer.failure->message);
    }
    performed.problem = answer.failure->message;
    return performed;
  }
  PC_ASSIGN_OR_RETURN(const WorkloadEnd end, read_performed(answer.message));
  performed.problem = end.performed.failed
                          ? describe_failure(*request.workload, end.performed.failure)
                          : end.mount_problem;
  if (end.mount_problem.empty()) {
    PC_RETURN_IF_ERROR(gate_.mark("end"));
  }
  performed.done = performed.problem.empty();
  return performed;
}

}  // namespace powercut
