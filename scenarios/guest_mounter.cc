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

// "/dev/vda", and "/dev/vdaa" behind "/dev/vdz".
std::filesystem::path device_of(std::size_t disk) {
  std::string letters;
  for (std::size_t rest = disk + 1; rest > 0; rest = (rest - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('a' + (rest - 1) % 26));
  }
  return "/dev/vd" + letters;
}

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
Result<MountReport> GuestMounter::explain_failed_boot(const GuestFailure& failure) {
  if (failure.kind == GuestFailureKind::kInterrupted) {
    return fail(ErrorKind::kInterrupted, failure.message);
  }
  if (!was_up_) {
    return fail(failure.kind == GuestFailureKind::kSetup ? ErrorKind::kMissing
                                                         : ErrorKind::kSystem,
                fmt::format("no state can be mounted in a guest: {}", failure.message),
                describe(failure));
  }
  MountReport report;
  report.machine_failure = failure.message;
  report.console_tail = failure.console_tail;
  return report;
}

Result<MountReport> GuestMounter::mount(
    std::size_t disk, const MountRequest& request,
    const std::function<void(std::size_t unit)>& begin_probe) {
  PC_ENSURE(disk < options_.guest.disks.size(), "a file for each disk");
  if (guest_ && !guest_->alive()) {
    if (!guest_->gone_within(kGonePatience)) {
      return fail(ErrorKind::kSystem,
                  "cannot mount another state: the QEMU that mounted the one before does "
                  "not end, its disk does not answer");
    }
    guest_.reset();
  }
  if (!guest_) {
    if (boots_ == 0) {
      PC_RETURN_IF_ERROR(add_file_system_modules(request.type, options_.guest));
    }
    PC_RETURN_IF_ERROR(start_guest());
    if (const std::optional<GuestFailure> failure = guest_->boot()) {
      return explain_failed_boot(*failure);
    }
    was_up_ = true;
    if (options_.on_booted) {
      options_.on_booted();
    }
  }
  Result<MountReport> report = guest_->visit(device_of(disk), request, begin_probe);
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

}  // namespace powercut
