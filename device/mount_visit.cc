// SPDX-License-Identifier: GPL-2.0-only

#include "device/mount_visit.h"

#include "base/fd.h"
#include "base/stamp.h"
#include "device/data_reader.h"
#include "device/directory_use.h"
#include "device/kernel_log.h"
#include "device/kernel_messages.h"
#include "device/mount.h"
#include "device/problem_list.h"
#include "device/tree_walk.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace powercut {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kSmallestBlock = 512;

void sync_to_disk(int root, ProblemList& problems) {
  if (::syncfs(root) != 0) {
    problems.add("sync", "/", errno);
  }
}

// What is done in the mounted file system.
void look_around(const fs::path& mountpoint, const MountRequest& request,
                 std::uint32_t block_bytes, ProblemList& problems, MountReport& report,
                 const std::function<void(std::size_t unit)>& begin_unit) {
  const Fd root(::open(mountpoint.c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC));
  if (!root.valid()) {
    problems.add("open", "/", errno);
    return;
  }
  if (!request.walk && !request.use && request.data_unit_bytes == 0) {
    return;
  }
  TreeWalk walk = walk_tree(root.get(), problems);
  if (request.use) {
    use_directories(root.get(), walk.tree, problems);
    // Now, and not in the midst of the data: it may have to read.
    sync_to_disk(root.get(), problems);
  }
  if (request.data_unit_bytes != 0) {
    DataReader reader(root.get(), walk, request, block_bytes, problems);
    report.data = reader.read(begin_unit);
  }
  if (request.walk) {
    report.tree = std::move(walk.tree);
  }
}

// An Error if `error_number` tells of this place and not of the file system.
Status check_mountable(int error_number, const std::string& type) {
  if (error_number == ENODEV) {
    return fail(
        ErrorKind::kMissing,
        fmt::format("cannot mount {}: this kernel has no {}", type, type),
        fmt::format("load the kernel module {}, or use a kernel that has it", type));
  }
  if (error_number == EPERM) {
    return fail(ErrorKind::kMissing,
                fmt::format("cannot mount {}: mounts are not permitted", type),
                "run as root");
  }
  return {};
}

void unmount(Mount& mount, const fs::path& mountpoint, ProblemList& problems) {
  const Status unmounted = mount.unmount();
  if (!unmounted) {
    std::string text = unmounted.error().message;
    if (const std::size_t at = text.find(mountpoint.native()); at != std::string::npos) {
      text.replace(at, mountpoint.native().size(), "<mount>");
    }
    problems.add_line("unmount: " + text);
  }
}

}  // namespace

// Opened for reading only: udev looks into a device when a writer closes it.
Result<std::uint32_t> prepare_device(const fs::path& device) {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(device, O_RDONLY));
  if (::ioctl(fd.get(), BLKFLSBUF, 0) != 0 || ::ioctl(fd.get(), BLKRASET, 0UL) != 0) {
    Error error =
        system_error(fmt::format("cannot drop the cache of {}", device.native()), errno);
    if (errno == EACCES || errno == EPERM) {
      error.kind = ErrorKind::kMissing;
      error.hint = "run as root";
    }
    return fail(std::move(error));
  }
  int block = 0;
  ::ioctl(fd.get(), BLKSSZGET, &block);
  return std::max(kSmallestBlock, static_cast<std::uint32_t>(std::max(block, 0)));
}

Result<MountReport> visit_mount(const VisitPlace& place, const MountRequest& request,
                                const std::function<void(std::size_t unit)>& begin_unit) {
  if (request.data_unit_bytes % kStampBytes != 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("data cannot be read in units of {} bytes: they are not "
                            "whole sectors of 512",
                            request.data_unit_bytes));
  }
  if (request.want_bytes && request.data_unit_bytes > kMaxToldUnitBytes) {
    return fail(ErrorKind::kUsage,
                fmt::format("data cannot be told in units of {} bytes: at most {}",
                            request.data_unit_bytes, kMaxToldUnitBytes));
  }
  KernelLog log;
  PC_ASSIGN_OR_RETURN(const std::uint32_t block_bytes, prepare_device(place.device));
  MountOptions options{place.device, place.mountpoint, request.type, "noatime"};
  if (!request.options.empty()) {
    options.options += "," + request.options;
  }
  MountReport report;
  ProblemList problems;
  Result<Mount> mount = Mount::mount(options, &report.mount_errno);
  if (mount) {
    look_around(place.mountpoint, request, block_bytes, problems, report, begin_unit);
    unmount(*mount, place.mountpoint, problems);
  } else {
    PC_RETURN_IF_ERROR(check_mountable(report.mount_errno, request.type));
  }
  report.problems = problems.take();
  const std::string name = place.device.filename();
  const std::vector<KernelLine> lines = log.take();
  report.kernel_messages = place.shared_kernel
                               ? kernel_messages_about(lines, name, request.type)
                               : kernel_messages(lines, name);
  return report;
}

}  // namespace powercut
