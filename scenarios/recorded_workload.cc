// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/recorded_workload.h"

#include "base/fd.h"
#include "device/mount.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <cerrno>
#include <memory>

namespace powercut {

namespace {

Status make_file_system(const WorkloadOptions& options,
                        const std::filesystem::path& device) {
  SubprocessOptions mkfs;
  mkfs.argv = mkfs_command(options, device);
  PC_ASSIGN_OR_RETURN(ExitState state, run_subprocess(mkfs));
  if (!state.succeeded()) {
    return fail(ErrorKind::kSystem, fmt::format("{} failed: {}: {}", mkfs.argv[0],
                                                to_string(state), state.output));
  }
  return {};
}

Result<ExitState> run_command(const WorkloadOptions& options,
                              const std::vector<std::filesystem::path>& devices,
                              const std::filesystem::path& directory,
                              const std::filesystem::path& socket) {
  SubprocessOptions workload;
  workload.argv = options.command;
  workload.inherit_output = options.inherit_output;
  workload.timeout = options.timeout;
  workload.working_directory = directory;
  workload.environment = {{kControlVariable, socket.string()}};
  for (std::size_t i = 0; i < devices.size(); ++i) {
    workload.environment.emplace_back(
        i == 0 ? "POWERCUT_DEVICE" : fmt::format("POWERCUT_DEVICE{}", i),
        devices[i].string());
  }
  if (!options.file_system.empty()) {
    workload.environment.emplace_back("POWERCUT_MOUNT", directory.string());
  }
  return run_subprocess(workload);
}

// What the workload wrote through the page cache of a raw disk goes to the disk now: the
// kernel does it when the last one closes the device, and that is us, too late. No flush
// is sent, for a workload that wants one says so.
Status write_back(const std::filesystem::path& device) {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(device, O_RDONLY));
  if (::sync_file_range(fd.get(), 0, 0,
                        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                            SYNC_FILE_RANGE_WAIT_AFTER) != 0) {
    return fail(
        system_error(fmt::format("cannot write {} back", device.native()), errno));
  }
  return {};
}

}  // namespace

std::vector<std::string> mkfs_command(const WorkloadOptions& options,
                                      const std::filesystem::path& device) {
  std::vector<std::string> argv = {"mkfs." + options.file_system};
  if (options.file_system.starts_with("ext")) {
    argv.insert(argv.end(), {"-F", "-q"});
  } else if (options.file_system == "xfs" || options.file_system == "btrfs" ||
             options.file_system == "f2fs") {
    argv.push_back("-f");
  }
  argv.insert(argv.end(), options.mkfs_options.begin(), options.mkfs_options.end());
  argv.push_back(device.string());
  return argv;
}

Result<ExitState> run_recorded_workload(const WorkloadOptions& options,
                                        const std::vector<std::filesystem::path>& devices,
                                        const RunDir& run_dir,
                                        const ControlSocket::MarkHandler& mark) {
  const std::filesystem::path& device = devices.front();
  std::filesystem::path socket_path = run_dir.path() / "control";
  PC_ASSIGN_OR_RETURN(std::unique_ptr<ControlSocket> socket,
                      ControlSocket::listen(socket_path, mark));
  if (options.file_system.empty()) {
    PC_ASSIGN_OR_RETURN(ExitState state,
                        run_command(options, devices, run_dir.path(), socket_path));
    for (const std::filesystem::path& each : devices) {
      PC_RETURN_IF_ERROR(write_back(each));
    }
    PC_RETURN_IF_ERROR(mark("end"));
    return state;
  }
  if (options.make_file_system) {
    PC_RETURN_IF_ERROR(make_file_system(options, device));
  }
  PC_RETURN_IF_ERROR(mark(options.make_file_system ? "mkfs" : "mount"));
  PC_ASSIGN_OR_RETURN(std::filesystem::path target, run_dir.make_directory("mnt"));
  PC_ASSIGN_OR_RETURN(Mount mount, Mount::mount({device, target, options.file_system,
                                                 options.mount_options}));
  PC_ASSIGN_OR_RETURN(ExitState state,
                      run_command(options, devices, target, socket_path));
  PC_RETURN_IF_ERROR(mount.unmount());
  PC_RETURN_IF_ERROR(mark("end"));
  return state;
}

}  // namespace powercut
