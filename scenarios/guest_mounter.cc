// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/guest_mounter.h"

#include "base/ensure.h"
#include "scenarios/guest_modules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace powercut {
namespace {

constexpr std::chrono::milliseconds kGonePatience{5000};

}  // namespace

GuestMounter::GuestMounter(std::vector<std::filesystem::path> disks,
                           const RunDir& run_dir, GuestMounterOptions options)
    : run_dir_(run_dir), options_(std::move(options)) {
  for (std::filesystem::path& file : disks) {
    GuestDisk disk;
    disk.file = std::move(file);
    disk.block_bytes = options_.block_bytes;
    options_.guest.disks.push_back(std::move(disk));
  }
}

GuestMounter::~GuestMounter() = default;

std::string GuestMounter::place() const {
  return kernel_version_.empty() ? "guest"
                                 : fmt::format("guest, Linux {}", kernel_version_);
}

Status GuestMounter::start_guest() {
  Result<std::unique_ptr<Guest>> started;
  starter_.run([&] { started = Guest::start(options_.guest, run_dir_); });
  if (!started) {
    return fail(std::move(started).error());
  }
  guest_ = std::move(*started);
  kernel_version_ = guest_->kernel_version();
  ++boots_;
  return {};
}

// Once it came up, what keeps it from coming up again is the state that it sees.
Result<std::optional<GuestFailure>> GuestMounter::make_ready(
    const std::string& file_system) {
  if (guest_ && !guest_->alive()) {
    if (!guest_->gone_within(kGonePatience)) {
      return fail(ErrorKind::kSystem,
                  "cannot mount another state: the QEMU that mounted the one before does "
                  "not end, its disk does not answer");
    }
    guest_.reset();
  }
  if (guest_) {
    return std::optional<GuestFailure>();
  }
  if (boots_ == 0 && !file_system.empty()) {
    PC_RETURN_IF_ERROR(add_file_system_modules(file_system, options_.guest));
  }
  PC_RETURN_IF_ERROR(start_guest());
  if (std::optional<GuestFailure> failure = guest_->boot()) {
    if (failure->kind == GuestFailureKind::kInterrupted) {
      return fail(ErrorKind::kInterrupted, failure->message);
    }
    if (!was_up_) {
      return fail(failure->kind == GuestFailureKind::kSetup ? ErrorKind::kMissing
                                                            : ErrorKind::kSystem,
                  fmt::format("no state can be mounted in a guest: {}", failure->message),
                  describe(*failure));
    }
    return failure;
  }
  was_up_ = true;
  if (options_.on_booted) {
    options_.on_booted();
  }
  return std::optional<GuestFailure>();
}

Result<MountReport> GuestMounter::mount(
    std::size_t disk, const MountRequest& request,
    const std::function<void(std::size_t unit)>& begin_probe) {
  PC_ENSURE(disk < options_.guest.disks.size(), "a file for each disk");
  PC_ASSIGN_OR_RETURN(const std::optional<GuestFailure> failure,
                      make_ready(request.type));
  if (failure) {
    MountReport report;
    report.machine_failure = failure->message;
    report.console_tail = failure->console_tail;
    return report;
  }
  Result<MountReport> report = guest_->visit(disk_in_guest(disk), request, begin_probe);
  if (!report && report.error().kind == ErrorKind::kMissing) {
    Error error = report.error();
    error.message += fmt::format(" ({})", place());
    error.hint =
        "name a kernel that has it with --kernel IMAGE, and its modules with "
        "--modules DIR";
    return fail(std::move(error));
  }
  return report;
}

Result<ScriptReport> GuestMounter::run_script(
    const ScriptRequest& request,
    const std::function<void(std::size_t part)>& begin_probe) {
  PC_ASSIGN_OR_RETURN(const std::optional<GuestFailure> failure, make_ready(""));
  if (failure) {
    ScriptReport report;
    report.machine_failure = failure->message;
    report.console_tail = failure->console_tail;
    return report;
  }
  std::vector<std::filesystem::path> devices;
  for (std::size_t disk = 0; disk < options_.guest.disks.size(); ++disk) {
    devices.push_back(disk_in_guest(disk));
  }
  PC_ASSIGN_OR_RETURN(ScriptReport report,
                      guest_->run_script(request, devices, begin_probe));
  if (!report.left.empty()) {
    guest_->kill();  // the next state begins on a machine without it
  }
  return report;
}

}  // namespace powercut
