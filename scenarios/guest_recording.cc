// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/guest_recording.h"

#include "base/fd.h"
#include "base/new_file.h"
#include "log/log_place.h"
#include "scenarios/recorded_disk.h"
#include "scenarios/recording_places.h"
#include "workload/scenario.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

namespace powercut {

namespace {

namespace fs = std::filesystem;

constexpr const char* kDisk = "/dev/vda";
constexpr const char* kMountPoint = "/mnt";

void pass_on(int stream, std::string_view bytes) {
  std::FILE* out = stream == 1 ? stdout : stderr;
  std::fwrite(bytes.data(), 1, bytes.size(), out);
  std::fflush(out);
}

Status make_sparse(const fs::path& file, std::uint64_t size_bytes) {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(file, O_WRONLY | O_CREAT | O_TRUNC));
  if (::ftruncate(fd.get(), static_cast<off_t>(size_bytes)) != 0) {
    return fail(system_error(fmt::format("cannot make {}", file.native()), errno));
  }
  return {};
}

// Cuts the log at its end and moves it to its place; copies it to another file system.
Result<std::uint64_t> take_log(const fs::path& from, const fs::path& to) {
  PC_ASSIGN_OR_RETURN(const std::uint64_t bytes, log_bytes(from));
  if (::truncate(from.c_str(), static_cast<off_t>(bytes)) == 0 &&
      ::rename(from.c_str(), to.c_str()) == 0) {
    return bytes;
  }
  return copy_log(from, to);
}

GuestDisk guest_disk(const fs::path& file, const GuestRecordingOptions& options) {
  GuestDisk disk;
  disk.file = file;
  disk.block_bytes = options.block_bytes;
  return disk;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    std::string quoted = "'";
    for (const char c : word) {
      quoted += c == '\'' ? "'\\''" : std::string(1, c);
    }
    text += (text.empty() ? "" : " ") + quoted + "'";
  }
  return text;
}

std::vector<std::string> record_command(const GuestRecordingOptions& options) {
  const WorkloadOptions& workload = options.workload;
  const std::size_t disks = std::max<std::size_t>(options.disks.size(), 1);
  std::vector<std::string> argv = {"powercut", "record", "--on",
                                   "dm",       "--log",  disk_in_guest(disks).native()};
  for (std::size_t i = 0; i < disks; ++i) {
    const std::string name = options.disks.empty() ? "" : "=" + options.disks[i].name;
    argv.insert(argv.end(), {"--device", disk_in_guest(i).native() + name});
    if (!options.disks.empty() && options.disks[i].domain) {
      argv.push_back(
          fmt::format("--domain={}={}", options.disks[i].name, *options.disks[i].domain));
    }
  }
  if (!workload.file_system.empty()) {
    argv.insert(argv.end(), {"--fs", workload.file_system});
    if (!workload.mkfs_options.empty()) {
      argv.push_back("--mkfs-options=" + joined(workload.mkfs_options));
    }
    if (!workload.mount_options.empty()) {
      argv.push_back("--mount-options=" + workload.mount_options);
    }
  }
  argv.insert(argv.end(), options.target_options.begin(), options.target_options.end());
  argv.emplace_back("--");
  argv.insert(argv.end(), workload.command.begin(), workload.command.end());
  return argv;
}

// A guest that runs commands one after the other, until one of them or itself fails.
class Steps {
 public:
  explicit Steps(Guest& guest) : guest_(guest) {}

  bool run(GuestCommand command) {
    command.on_output = pass_on;
    GuestRun run = guest_.run(command);
    last_ = std::move(run.state);
    failure_ = std::move(run.failure);
    return !failure_ && last_.succeeded();
  }

  // An Error if the last command failed and the guest did not.
  Status told(const std::string& what) const {
    if (failure_ || last_.succeeded()) {
      return {};
    }
    return fail(ErrorKind::kSystem,
                fmt::format("{} failed in the guest: {}", what, to_string(last_)));
  }

  const ExitState& last() const { return last_; }

  std::optional<GuestFailure> failure() const { return failure_; }

 private:
  Guest& guest_;
  ExitState last_;
  std::optional<GuestFailure> failure_;
};

// mkfs, mount, workload and unmount of a disk that records itself.
Status drive(const GuestRecordingOptions& options, RecordedDisk& disk, Steps& steps,
             ExitState& workload) {
  const WorkloadOptions& wanted = options.workload;
  GuestCommand command;
  command.argv = wanted.command;
  command.environment = {{"POWERCUT_DEVICE", kDisk}};
  if (wanted.file_system.empty()) {
    steps.run(command);
    workload = steps.last();
    return steps.failure() ? Status{} : disk.mark("end");
  }
  GuestCommand step;
  step.argv = mkfs_command(wanted, kDisk);
  if (!steps.run(step)) {
    return steps.told(step.argv[0]);
  }
  PC_RETURN_IF_ERROR(disk.mark("mkfs"));
  step.argv = {"mount", "-t", wanted.file_system, kDisk, kMountPoint};
  if (!wanted.mount_options.empty()) {
    step.argv.insert(step.argv.end(), {"-o", wanted.mount_options});
  }
  if (!steps.run(step)) {
    return steps.told("mount");
  }
  command.directory = kMountPoint;
  command.environment.emplace_back("POWERCUT_MOUNT", kMountPoint);
  steps.run(command);
  workload = steps.last();
  if (steps.failure()) {
    return {};
  }
  step.argv = {"umount", kMountPoint};
  if (!steps.run(step)) {
    return steps.told("umount");
  }
  return disk.mark("end");
}

Result<GuestRecordingResult> record_served(const GuestRecordingOptions& options,
                                           const RunDir& run_dir) {
  RecordedDiskOptions disk_options;
  disk_options.log = options.log;
  disk_options.name =
      options.workload.file_system.empty() ? "disk" : options.workload.file_system;
  disk_options.size_bytes = options.size_bytes;
  disk_options.keep_image = options.keep_image;
  disk_options.block_bytes = options.block_bytes;
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<RecordedDisk> disk,
                      RecordedDisk::build(disk_options, run_dir));
  GuestOptions guest_options = options.guest;
  guest_options.disks = {guest_disk(disk->file(), options)};
  guest_options.on_mark = [&](std::string_view text) { return disk->mark(text); };
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<Guest> guest,
                      Guest::start(guest_options, run_dir));
  GuestRecordingResult result;
  Steps steps(*guest);
  const Status driven = drive(options, *disk, steps, result.workload);
  result.failure = steps.failure();
  if (!result.failure && driven) {
    result.failure = guest->shut_down();
  }
  guest->kill();
  // A full log shows first as an I/O error of the guest: the cause is the log's.
  PC_RETURN_IF_ERROR(disk->take_down());
  PC_RETURN_IF_ERROR(driven);
  std::error_code ignored;
  result.log_bytes = fs::file_size(options.log, ignored);
  return result;
}

Result<std::vector<GuestDisk>> make_disks(const GuestRecordingOptions& options,
                                          const RunDir& run_dir) {
  std::vector<GuestDisk> disks;
  for (const GuestRecordingOptions::Disk& disk : options.disks) {
    const fs::path file = run_dir.path() / ("disk-" + disk.name + ".img");
    PC_RETURN_IF_ERROR(make_sparse(file, disk.size_bytes));
    disks.push_back(guest_disk(file, options));
  }
  if (disks.empty()) {
    const fs::path file =
        options.keep_image.empty() ? run_dir.path() / "disk.img" : options.keep_image;
    PC_RETURN_IF_ERROR(make_sparse(file, options.size_bytes));
    disks.push_back(guest_disk(file, options));
  }
  return disks;
}

Result<GuestRecordingResult> record_in_kernel(const GuestRecordingOptions& options,
                                              const RunDir& run_dir) {
  PC_RETURN_IF_ERROR(NewFile::check(options.log, {}));
  const fs::path log = run_dir.path() / "recorder.log";
  GuestOptions guest_options = options.guest;
  PC_ASSIGN_OR_RETURN(guest_options.disks, make_disks(options, run_dir));
  PC_RETURN_IF_ERROR(make_sparse(log, options.log_size_bytes));
  guest_options.disks.push_back(guest_disk(log, options));
  for (GuestDisk& file : guest_options.disks) {
    // Flushes of the guest stay in this machine's page cache: the files outlive the
    // guest, however it ends, and need not outlive this machine.
    file.cache = "unsafe";
  }
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<Guest> guest,
                      Guest::start(guest_options, run_dir));
  GuestCommand command;
  command.argv = record_command(options);
  command.timeout = options.workload.timeout;
  if (!options.quiet) {
    command.on_output = pass_on;
  }
  GuestRun run = guest->run(command);
  GuestRecordingResult result;
  result.kernel = kernel_text(guest->kernel_version(), guest->console());
  result.workload = std::move(run.state);
  result.failure = std::move(run.failure);
  if (!result.failure) {
    result.failure = guest->shut_down();
  }
  guest->kill();
  Result<std::uint64_t> bytes = take_log(log, options.log);
  if (bytes) {
    result.log_bytes = *bytes;
  } else if (!result.failure && result.workload.succeeded()) {
    return fail(bytes.error());
  } else {
    result.no_log = bytes.error();
  }
  return result;
}

}  // namespace

Result<GuestRecordingResult> record_in_guest(const GuestRecordingOptions& options,
                                             const RunDir& run_dir) {
  PC_RETURN_IF_ERROR(check_recording_places(options.log, {}, options.keep_image));
  std::vector<std::uint64_t> sizes;
  for (const GuestRecordingOptions::Disk& disk : options.disks) {
    sizes.push_back(disk.size_bytes);
  }
  if (sizes.empty()) {
    sizes.push_back(options.size_bytes);
  }
  for (const std::uint64_t size_bytes : sizes) {
    if (size_bytes == 0 || size_bytes % options.block_bytes != 0) {
      return fail(ErrorKind::kUsage,
                  fmt::format("a disk of {} bytes is not made of {}-byte blocks",
                              size_bytes, options.block_bytes));
    }
  }
  return options.recorder == GuestRecordingOptions::Recorder::kServed
             ? record_served(options, run_dir)
             : record_in_kernel(options, run_dir);
}

}  // namespace powercut
