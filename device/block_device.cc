// SPDX-License-Identifier: GPL-2.0-only

#include "device/block_device.h"

#include "base/fd.h"
#include "device/mount_table.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>

namespace powercut {

std::string BlockDevice::number_text() const {
  return fmt::format("{}:{}", major(number), minor(number));
}

Result<BlockDevice> BlockDevice::look_up(const std::filesystem::path& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) {
    return fail(system_error(fmt::format("cannot open {}", path.string()), errno));
  }
  if (!S_ISBLK(status.st_mode)) {
    return fail(ErrorKind::kUsage, fmt::format("{} is no block device", path.string()),
                "a file becomes one by: losetup --show -f FILE");
  }
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(path, O_RDONLY));
  BlockDevice device;
  device.path = path;
  device.number = status.st_rdev;
  PC_ASSIGN_OR_RETURN(device.size_bytes, size_of(fd, path));
  int block = 0;
  if (::ioctl(fd.get(), BLKSSZGET, &block) == 0 && block > 0) {
    device.logical_block_bytes = static_cast<std::uint32_t>(block);
  }
  return device;
}

Status BlockDevice::check_unused() const {
  const Fd fd(::open(path.c_str(), O_RDWR | O_EXCL | O_CLOEXEC));
  if (fd.valid()) {
    return {};
  }
  if (errno != EBUSY) {
    return fail(system_error(fmt::format("cannot open {}", path.string()), errno));
  }
  return fail(ErrorKind::kUsage,
              fmt::format("cannot use {}: {}", path.string(), name_users(*this)));
}

Status BlockDevice::write_zeros() const {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(path, O_RDWR | O_EXCL));
  std::array<std::uint64_t, 2> range = {0, size_bytes};
  if (::ioctl(fd.get(), BLKZEROOUT, range.data()) != 0 || ::fsync(fd.get()) != 0 ||
      ::ioctl(fd.get(), BLKFLSBUF, 0) != 0) {
    return fail(
        system_error(fmt::format("cannot write zeros to {}", path.string()), errno));
  }
  return {};
}

Status BlockDevice::drop_cache() const {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(path, O_RDONLY));
  if (::ioctl(fd.get(), BLKFLSBUF, 0) != 0) {
    return fail(
        system_error(fmt::format("cannot drop the cache of {}", path.string()), errno));
  }
  return {};
}

std::string name_users(const BlockDevice& device) {
  for (const MountEntry& entry : read_mount_table()) {
    struct stat status = {};
    if (entry.source.starts_with('/') && ::stat(entry.source.c_str(), &status) == 0 &&
        S_ISBLK(status.st_mode) && status.st_rdev == device.number) {
      return fmt::format("it is mounted on {}", entry.target.string());
    }
  }
  const std::filesystem::path self =
      fmt::format("/sys/dev/block/{}", device.number_text());
  std::error_code ignored;
  for (const std::filesystem::directory_entry& holder :
       std::filesystem::directory_iterator(self / "holders", ignored)) {
    const std::string name = holder.path().filename();
    std::ifstream file(holder.path() / "dm/name");
    std::string mapping;
    std::getline(file, mapping);
    return mapping.empty() ? fmt::format("{} uses it", name)
                           : fmt::format("{} ({}) uses it", name, mapping);
  }
  return "somebody has it open for himself";
}

}  // namespace powercut
