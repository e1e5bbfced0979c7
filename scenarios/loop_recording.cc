// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/loop_recording.h"

#include "base/image_source.h"
#include "device/disk_server.h"
#include "device/file_overlay.h"
#include "device/loop_device.h"
#include "device/mount.h"
#include "device/served_disk.h"
#include "log/format2_writer.h"
#include "scenarios/control_socket.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <utility>

namespace powercut {

namespace {

// The recording while it goes on: the disk from the log up to the loop device. Members
// are taken down in reverse order.
class LoopStack {
 public:
  static Result<std::unique_ptr<LoopStack>> build(const LoopRecordingOptions& options,
                                                  const RunDir& run_dir);

  Format2Writer& writer() { return *writer_; }

  const std::filesystem::path& device() const { return loop_->path(); }

  // Loop, server and log, in that order, each with its error told.
  Status take_down();

 private:
  LoopStack() = default;

  std::unique_ptr<Format2Writer> writer_;
  std::unique_ptr<ServedDisk> disk_;
  std::unique_ptr<DiskServer> server_;
  std::optional<LoopDevice> loop_;
};

Result<Device> describe(const LoopRecordingOptions& options, std::uint64_t size_bytes,
                        const ImageSource* base) {
  Device device;
  device.name = options.file_system.empty() ? "disk" : options.file_system;
  device.size_bytes = size_bytes;
  device.logical_block_bytes = options.block_bytes;
  device.physical_block_bytes = options.block_bytes;
  device.write_cache = true;
  device.fua = false;  // the loop driver turns FUA into a write and a flush
  device.discard = true;
  device.discard_zeroes = true;  // a served disk punches holes
  device.write_zeroes = true;
  device.bounce = true;  // what is logged is the copy that goes to the disk
  if (base != nullptr) {
    device.has_base = true;
    PC_ASSIGN_OR_RETURN(device.base_digest, base->digest());
  }
  return device;
}

Result<std::unique_ptr<LoopStack>> LoopStack::build(const LoopRecordingOptions& options,
                                                    const RunDir& run_dir) {
  std::unique_ptr<LoopStack> stack(new LoopStack());
  std::filesystem::path image =
      options.keep_image.empty() ? run_dir.path() / "disk.img" : options.keep_image;
  std::shared_ptr<const ImageSource> base;
  std::unique_ptr<FileOverlay> overlay;
  std::uint64_t size_bytes = options.size_bytes;
  if (options.image.empty()) {
    PC_ASSIGN_OR_RETURN(overlay, FileOverlay::create(image, size_bytes));
  } else {
    PC_ASSIGN_OR_RETURN(base, ImageSource::open(options.image));
    size_bytes = base->size_bytes();
    PC_ASSIGN_OR_RETURN(overlay, FileOverlay::create_from(image, *base));
  }
  if (size_bytes == 0 || size_bytes % options.block_bytes != 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("a disk of {} bytes is not made of {}-byte blocks",
                            size_bytes, options.block_bytes));
  }
  PC_ASSIGN_OR_RETURN(Device device, describe(options, size_bytes, base.get()));
  Format2Options log;
  log.devices = {device};
  PC_ASSIGN_OR_RETURN(stack->writer_, Format2Writer::create(options.log, log));
  ServedDisk::Options disk;
  disk.overlay = std::move(overlay);
  disk.recorder = stack->writer_.get();
  stack->disk_ = std::make_unique<ServedDisk>(size_bytes, nullptr, std::move(disk));
  PC_ASSIGN_OR_RETURN(std::filesystem::path mountpoint, run_dir.make_directory("disks"));
  PC_ASSIGN_OR_RETURN(stack->server_,
                      DiskServer::start(mountpoint, run_dir.run_id(),
                                        {DiskFile{"disk", stack->disk_.get()}}, {}));
  PC_ASSIGN_OR_RETURN(Fd file, Fd::open(stack->server_->path(0), O_RDWR | O_DIRECT));
  LoopDevice::Options loop;
  loop.block_bytes = options.block_bytes;
  loop.direct_io = true;
  PC_ASSIGN_OR_RETURN(LoopDevice attached, LoopDevice::attach(file, loop));
  stack->loop_ = std::move(attached);
  return stack;
}

Status LoopStack::take_down() {
  Status first = loop_->detach();
  Status second = server_->stop();
  std::optional<Error> recorder = disk_->recorder_error();
  Status third = writer_->close();
  if (recorder) {
    return fail(*recorder);
  }
  PC_RETURN_IF_ERROR(first);
  PC_RETURN_IF_ERROR(second);
  return third;
}

Status make_file_system(const LoopRecordingOptions& options,
                        const std::filesystem::path& device) {
  SubprocessOptions mkfs;
  mkfs.argv = {"mkfs." + options.file_system};
  if (options.file_system.starts_with("ext")) {
    mkfs.argv.insert(mkfs.argv.end(), {"-F", "-q"});
  } else if (options.file_system == "xfs" || options.file_system == "btrfs" ||
             options.file_system == "f2fs") {
    mkfs.argv.push_back("-f");
  }
  mkfs.argv.insert(mkfs.argv.end(), options.mkfs_options.begin(),
                   options.mkfs_options.end());
  mkfs.argv.push_back(device.string());
  PC_ASSIGN_OR_RETURN(ExitState state, run_subprocess(mkfs));
  if (!state.succeeded()) {
    return fail(ErrorKind::kSystem, fmt::format("{} failed: {}: {}", mkfs.argv[0],
                                                to_string(state), state.output));
  }
  return {};
}

Result<ExitState> run_workload(const LoopRecordingOptions& options,
                               const std::filesystem::path& device,
                               const std::filesystem::path& directory,
                               const std::filesystem::path& socket) {
  SubprocessOptions workload;
  workload.argv = options.command;
  workload.inherit_output = true;
  workload.working_directory = directory;
  workload.environment = {{kControlVariable, socket.string()},
                          {"POWERCUT_DEVICE", device.string()}};
  if (!options.file_system.empty()) {
    workload.environment.emplace_back("POWERCUT_MOUNT", directory.string());
  }
  return run_subprocess(workload);
}

// mkfs, mount, workload, unmount; the stack outlives it.
Result<ExitState> drive(const LoopRecordingOptions& options, const RunDir& run_dir,
                        LoopStack& stack) {
  std::filesystem::path socket_path = run_dir.path() / "control";
  PC_ASSIGN_OR_RETURN(std::unique_ptr<ControlSocket> socket,
                      ControlSocket::listen(socket_path, [&](std::string_view text) {
                        return stack.writer().mark(text);
                      }));
  if (options.file_system.empty()) {
    PC_ASSIGN_OR_RETURN(ExitState state, run_workload(options, stack.device(),
                                                      run_dir.path(), socket_path));
    PC_RETURN_IF_ERROR(stack.writer().mark("end"));
    return state;
  }
  if (options.image.empty()) {
    PC_RETURN_IF_ERROR(make_file_system(options, stack.device()));
  }
  PC_RETURN_IF_ERROR(stack.writer().mark(options.image.empty() ? "mkfs" : "mount"));
  PC_ASSIGN_OR_RETURN(std::filesystem::path target, run_dir.make_directory("mnt"));
  PC_ASSIGN_OR_RETURN(
      Mount mount,
      Mount::mount({stack.device(), target, options.file_system, options.mount_options}));
  PC_ASSIGN_OR_RETURN(ExitState state,
                      run_workload(options, stack.device(), target, socket_path));
  PC_RETURN_IF_ERROR(mount.unmount());
  PC_RETURN_IF_ERROR(stack.writer().mark("end"));
  return state;
}

}  // namespace

Result<LoopRecordingResult> record_on_loop(const LoopRecordingOptions& options,
                                           const RunDir& run_dir) {
  PC_ASSIGN_OR_RETURN(std::unique_ptr<LoopStack> stack,
                      LoopStack::build(options, run_dir));
  Result<ExitState> state = drive(options, run_dir, *stack);
  Status down = stack->take_down();
  // A full log shows first as an I/O error of the file system: the cause is the log's.
  PC_RETURN_IF_ERROR(down);
  if (!state) {
    return fail(state.error());
  }
  LoopRecordingResult result;
  result.workload = std::move(*state);
  std::error_code ignored;
  result.log_bytes = std::filesystem::file_size(options.log, ignored);
  return result;
}

}  // namespace powercut
