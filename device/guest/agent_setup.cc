// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/agent_setup.h"

#include "device/guest/initramfs.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kPortPatience{10000};
constexpr milliseconds kPoll{5};
constexpr milliseconds kTermGrace{500};

struct GuestMount {
  const char* type;
  const char* target;
  const char* options;
};

// Not /tmp and /run: the root is in memory too, and files of the host may lie there.
constexpr std::array<GuestMount, 5> kMounts = {{
    {"proc", "/proc", ""},
    {"sysfs", "/sys", ""},
    {"devtmpfs", "/dev", "mode=0755"},
    {"devpts", "/dev/pts", "mode=0620,ptmxmode=0666"},
    {"tmpfs", "/dev/shm", "mode=1777"},
}};

std::string errno_hint(int error) {
  switch (error) {
    case ENOENT:
      return "it needs a symbol that the kernel does not have";
    case ENOEXEC:
      return "it was built for another kernel";
    default:
      return {};
  }
}

Status load_module(const std::string& file, const std::string& parameters) {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(file, O_RDONLY));
  // Packed modules (.ko.xz, .ko.zst) are unpacked by the kernel.
  const int flags = file.ends_with(".ko") ? 0 : 4;  // MODULE_INIT_COMPRESSED_FILE
  if (::syscall(SYS_finit_module, fd.get(), parameters.c_str(), flags) != 0 &&
      errno != EEXIST) {
    const int error = errno;
    Error told = system_error(fmt::format("the guest cannot load module {} with '{}'",
                                          fs::path(file).filename().native(), parameters),
                              error);
    told.hint = errno_hint(error);
    return fail(std::move(told));
  }
  return {};
}

std::string first_line_of(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

void unmount_disks() {
  std::vector<std::string> targets;
  if (std::FILE* table = ::setmntent("/proc/mounts", "r")) {
    while (const mntent* entry = ::getmntent(table)) {
      if (std::string_view(entry->mnt_fsname).starts_with("/dev/")) {
        targets.emplace_back(entry->mnt_dir);
      }
    }
    ::endmntent(table);
  }
  for (std::size_t i = targets.size(); i > 0; --i) {
    ::umount2(targets[i - 1].c_str(), 0);
  }
}

}  // namespace

Status mount_guest_file_systems() {
  for (const GuestMount& mount : kMounts) {
    ::mkdir(mount.target, 0755);
    if (::mount(mount.type, mount.target, mount.type, MS_NOSUID, mount.options) != 0 &&
        errno != EBUSY) {  // devtmpfs may mount itself
      return fail(system_error(
          fmt::format("cannot mount {} at {}", mount.type, mount.target), errno));
    }
  }
  ::symlink("/proc/self/fd", "/dev/fd");
  ::symlink("/proc/self/fd/0", "/dev/stdin");
  ::symlink("/proc/self/fd/1", "/dev/stdout");
  ::symlink("/proc/self/fd/2", "/dev/stderr");
  return {};
}

Status load_guest_modules(const fs::path& file) {
  std::ifstream list(file);
  if (!list) {
    return fail(ErrorKind::kMissing,
                fmt::format("the guest has no modules for {}", file.filename().native()));
  }
  Status first;
  for (std::string line; std::getline(list, line);) {
    const std::size_t blank = line.find(' ');
    const Status loaded = load_module(
        line.substr(0, blank), blank == std::string::npos ? "" : line.substr(blank + 1));
    if (!loaded && first) {
      first = loaded;
    }
  }
  return first;
}

Result<Fd> open_guest_port() {
  const auto until = std::chrono::steady_clock::now() + kPortPatience;
  while (std::chrono::steady_clock::now() < until) {
    std::error_code error;
    for (const fs::directory_entry& entry :
         fs::directory_iterator("/sys/class/virtio-ports", error)) {
      if (first_line_of(entry.path() / "name") == kGuestPortName) {
        PC_ASSIGN_OR_RETURN(Fd port, Fd::open(fs::path("/dev") / entry.path().filename(),
                                              O_RDWR | O_NONBLOCK));
        pollfd poller{port.get(), POLLOUT, 0};
        ::poll(&poller, 1, 0);
        if ((poller.revents & POLLHUP) == 0) {
          return port;
        }  // its name is known before its other end is
      }
    }
    std::this_thread::sleep_for(kPoll);
  }
  return fail(ErrorKind::kMissing, "no virtual serial port leads to the host");
}

void log_to_console(const std::string& text) {
  const std::string line = "<3>powercut: " + text + "\n";
  const Fd log(::open("/dev/kmsg", O_WRONLY | O_CLOEXEC));
  if (!log.valid() || ::write(log.get(), line.data(), line.size()) < 0) {
    fmt::print(stderr, "powercut: {}\n", text);
  }
}

void power_off_guest() {
  ::kill(-1, SIGTERM);
  const auto until = std::chrono::steady_clock::now() + kTermGrace;
  while (std::chrono::steady_clock::now() < until) {
    if (const pid_t ended = ::waitpid(-1, nullptr, WNOHANG); ended < 0) {
      break;  // nobody is left
    } else if (ended == 0) {
      std::this_thread::sleep_for(kPoll);
    }
  }
  ::kill(-1, SIGKILL);
  unmount_disks();
  ::sync();
  ::reboot(RB_POWER_OFF);
  ::_exit(1);  // the kernel panics without its first process, which ends the guest too
}

}  // namespace powercut
