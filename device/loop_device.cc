// SPDX-License-Identifier: GPL-2.0-only

#include "device/loop_device.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

namespace powercut {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kMaxAttempts = 64;  // each lost to another process that took the device
constexpr milliseconds kDetachPatience{5000};
constexpr milliseconds kLongestPause{50};

std::string read_line(const std::string& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(4096, '\0');
  const ssize_t got = fd.valid() ? ::read(fd.get(), text.data(), text.size()) : 0;
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text.substr(0, text.find('\n'));
}

// Where no udev runs, nobody makes the node.
void make_node(const std::string& name) {
  unsigned major_number = 0;
  unsigned minor_number = 0;
  const std::string device = read_line(fmt::format("/sys/block/{}/dev", name));
  const std::string path = "/dev/" + name;
  if (::access(path.c_str(), F_OK) != 0 &&
      std::sscanf(device.c_str(), "%u:%u", &major_number, &minor_number) == 2) {
    ::mknod(path.c_str(), S_IFBLK | 0600, makedev(major_number, minor_number));
  }
}

Result<Fd> open_control() {
  Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control.valid()) {
    Error error = system_error("cannot open /dev/loop-control", errno);
    error.kind = ErrorKind::kMissing;
    error.hint =
        errno == EACCES ? "run as root" : "load the kernel module: modprobe loop";
    return fail(std::move(error));
  }
  return control;
}

Status wait_until_gone(const std::string& name, const std::string& backing_file) {
  const steady_clock::time_point end = steady_clock::now() + kDetachPatience;
  milliseconds pause{1};
  while (!backing_file.empty() && loop_backing_file(name) == backing_file) {
    if (steady_clock::now() >= end) {
      return fail(ErrorKind::kSystem,
                  fmt::format("cannot detach /dev/{}: still in use", name));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  return {};
}

loop_config make_config(const Fd& file, const LoopDevice::Options& options) {
  loop_config config = {};
  config.fd = static_cast<__u32>(file.get());
  config.block_size = options.block_bytes;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  if (options.direct_io) {
    config.info.lo_flags |= LO_FLAGS_DIRECT_IO;
  }
  if (options.read_only) {
    config.info.lo_flags |= LO_FLAGS_READ_ONLY;
  }
  return config;
}

}  // namespace

std::string loop_backing_file(const std::string& name) {
  return read_line(fmt::format("/sys/block/{}/loop/backing_file", name));
}

Result<LoopDevice> LoopDevice::attach(const Fd& file, const Options& options) {
  PC_ASSIGN_OR_RETURN(const Fd control, open_control());
  loop_config config = make_config(file, options);
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) {
      return fail(system_error("cannot get a free loop device", errno));
    }
    const std::string name = fmt::format("loop{}", number);
    make_node(name);
    const std::filesystem::path path = "/dev/" + name;
    PC_ASSIGN_OR_RETURN(
        Fd fd, Fd::open(path, (options.read_only ? O_RDONLY : O_RDWR) | O_NOFOLLOW));
    if (::ioctl(fd.get(), LOOP_CONFIGURE, &config) != 0) {
      if (errno == EBUSY) {
        continue;
      }
      return fail(system_error(fmt::format("cannot configure {}", path.native()), errno));
    }
    LoopDevice device(path, std::move(fd), loop_backing_file(name));
    if (!options.read_ahead && ::ioctl(device.fd_.get(), BLKRASET, 0UL) != 0) {
      return fail(system_error(
          fmt::format("cannot set the read-ahead of {}", path.native()), errno));
    }
    return device;
  }
  return fail(ErrorKind::kSystem,
              fmt::format("cannot get a free loop device: lost it {} times to others",
                          kMaxAttempts));
}

LoopDevice::LoopDevice(std::filesystem::path path, Fd fd, std::string backing_file)
    : path_(std::move(path)),
      fd_(std::move(fd)),
      backing_file_(std::move(backing_file)) {}

LoopDevice::LoopDevice(LoopDevice&& other) noexcept = default;

LoopDevice& LoopDevice::operator=(LoopDevice&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(backing_file_, other.backing_file_);
  return *this;
}

LoopDevice::~LoopDevice() {
  [[maybe_unused]] const Status ignored = detach();
}

Status LoopDevice::flush_cache() const {
  if (::fsync(fd_.get()) != 0 || ::ioctl(fd_.get(), BLKFLSBUF, 0) != 0) {
    return fail(system_error(fmt::format("cannot flush {}", path_.native()), errno));
  }
  return {};
}

Status LoopDevice::detach() {
  if (!fd_.valid()) {
    return {};
  }
  ::ioctl(fd_.get(), LOOP_CLR_FD, 0);  // autoclear does it at the last close anyway
  fd_.reset();
  return wait_until_gone(path_.filename(), backing_file_);
}

Status detach_loop(const std::string& name) {
  const std::string backing_file = loop_backing_file(name);
  if (backing_file.empty()) {
    return {};
  }
  make_node(name);
  const std::string path = "/dev/" + name;
  {
    PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(path, O_RDONLY));
    if (::ioctl(fd.get(), LOOP_CLR_FD, 0) != 0 && errno != ENXIO) {
      return fail(system_error(fmt::format("cannot detach {}", path), errno));
    }
  }
  return wait_until_gone(name, backing_file);
}

}  // namespace powercut
