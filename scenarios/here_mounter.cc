// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/here_mounter.h"

#include "base/ensure.h"
#include "base/fd.h"
#include "scenarios/local_mount.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace powercut {
namespace {

using std::chrono::milliseconds;

// How long a killed child, and the loop device below it, may take to go.
constexpr milliseconds kKillPatience{5000};

}  // namespace

Result<std::unique_ptr<HereMounter>> HereMounter::create(
    std::vector<std::filesystem::path> disks, const RunDir& run_dir,
    const Options& options) {
  if (::geteuid() != 0) {
    return fail(ErrorKind::kMissing, "cannot mount states here: only root may",
                "run as root, or have them mounted in a guest");
  }
  std::unique_ptr<HereMounter> mounter(new HereMounter());
  PC_ASSIGN_OR_RETURN(mounter->mountpoint_, make_numbered_directory(run_dir, "mount"));
  mounter->options_ = options;
  for (std::filesystem::path& file : disks) {
    mounter->disks_.push_back({std::move(file), std::nullopt, {}});
  }
  return mounter;
}

// The child first: the loops are in use as long as it has something mounted.
HereMounter::~HereMounter() {
  process_.reset();
}

// An Error while a state that was given up is still mounted.
Status HereMounter::check_let_go(Disk& disk) {
  if (process_ && !process_->running()) {
    if (!process_->ended_within(kKillPatience)) {
      return fail(ErrorKind::kSystem,
                  fmt::format("cannot mount another state: the kernel does not let go of "
                              "one that took too long (process {})",
                              process_->pid()),
                  "what this machine's kernel cannot end, a guest can");
    }
    process_.reset();
  }
  if (!disk.stuck_loop.empty()) {
    if (loop_backing_file(disk.stuck_loop) == disk.file) {
      PC_RETURN_IF_ERROR(detach_loop(disk.stuck_loop));
    }
    disk.stuck_loop.clear();
  }
  return {};
}

Status HereMounter::make_ready(Disk& disk) {
  PC_RETURN_IF_ERROR(check_let_go(disk));
  if (!disk.loop) {
    PC_ASSIGN_OR_RETURN(const Fd file, Fd::open(disk.file, O_RDWR | O_DIRECT));
    LoopDevice::Options options;
    options.block_bytes = options_.block_bytes;
    options.direct_io = true;
    PC_ASSIGN_OR_RETURN(disk.loop, LoopDevice::attach(file, options));
  }
  if (!process_) {
    PC_ASSIGN_OR_RETURN(process_, VisitProcess::start(mountpoint_));
  }
  return {};
}

// The child does not come back, or is not wanted any more.
void HereMounter::give_up(Disk& disk) {
  process_->kill();
  if (process_->ended_within(kKillPatience)) {
    process_.reset();
  }
  disk.stuck_loop = disk.loop->path().filename();
  disk.loop.reset();
}

Result<MountReport> HereMounter::mount(
    std::size_t disk_index, const MountRequest& request,
    const std::function<void(std::size_t unit)>& begin_probe) {
  PC_ENSURE(disk_index < disks_.size(), "a file for each disk");
  Disk& disk = disks_[disk_index];
  PC_RETURN_IF_ERROR(make_ready(disk));
  const VisitPlace place{disk.loop->path(), mountpoint_, true};
  MountRequest here = request;
  here.options = options_for_many(request.type, request.options);
  Result<MountReport> report = process_->visit(place, here, begin_probe);
  if (!process_->running()) {
    give_up(disk);
    return report;
  }
  // What the unmount left in the device's cache belongs to this state: it must not be
  // written into the next.
  const Status flushed = disk.loop->flush_cache();
  if (report && !flushed) {
    report->problems.push_back("flush: " + flushed.error().message);
  }
  return report;
}

}  // namespace powercut
