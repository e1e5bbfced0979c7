// SPDX-License-Identifier: GPL-2.0-only

#include "device/mount.h"

#include "base/fd.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace powercut {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience{2000};
constexpr milliseconds kLongestPause{50};
constexpr std::size_t kMaxHolders = 5;

struct NamedFlag {
  std::string_view name;
  unsigned long flag;
  bool set;
};

constexpr std::array<NamedFlag, 20> kFlags = {{
    {"ro", MS_RDONLY, true},
    {"rw", MS_RDONLY, false},
    {"noatime", MS_NOATIME, true},
    {"atime", MS_NOATIME, false},
    {"nodiratime", MS_NODIRATIME, true},
    {"diratime", MS_NODIRATIME, false},
    {"relatime", MS_RELATIME, true},
    {"norelatime", MS_RELATIME, false},
    {"strictatime", MS_STRICTATIME, true},
    {"lazytime", MS_LAZYTIME, true},
    {"nolazytime", MS_LAZYTIME, false},
    {"sync", MS_SYNCHRONOUS, true},
    {"async", MS_SYNCHRONOUS, false},
    {"dirsync", MS_DIRSYNC, true},
    {"nosuid", MS_NOSUID, true},
    {"nodev", MS_NODEV, true},
    {"noexec", MS_NOEXEC, true},
    {"suid", MS_NOSUID, false},
    {"dev", MS_NODEV, false},
    {"exec", MS_NOEXEC, false},
}};

bool is_below(const std::filesystem::path& path, const std::filesystem::path& root) {
  const std::string& text = path.native();
  const std::string& prefix = root.native();
  return text.starts_with(prefix) &&
         (text.size() == prefix.size() || text[prefix.size()] == '/');
}

bool process_holds(const std::filesystem::path& process,
                   const std::filesystem::path& target) {
  std::error_code error;
  for (const char* link : {"cwd", "root", "exe"}) {
    if (is_below(std::filesystem::read_symlink(process / link, error), target)) {
      return true;
    }
  }
  std::filesystem::directory_iterator files(process / "fd", error);
  for (const std::filesystem::directory_entry& file : files) {
    if (is_below(std::filesystem::read_symlink(file.path(), error), target)) {
      return true;
    }
  }
  return false;
}

// "held by 12 (bash), 17 (tail)", or empty.
std::string name_holders(const std::filesystem::path& target) {
  std::string text;
  std::size_t count = 0;
  std::error_code error;
  for (const std::filesystem::directory_entry& process :
       std::filesystem::directory_iterator("/proc", error)) {
    const std::string pid = process.path().filename();
    if (count == kMaxHolders ||
        !std::ranges::all_of(pid, [](char c) { return c >= '0' && c <= '9'; })) {
      continue;
    }
    if (process_holds(process.path(), target)) {
      const std::filesystem::path program =
          std::filesystem::read_symlink(process.path() / "exe", error);
      text += fmt::format("{}{} ({})", count == 0 ? ", held by " : ", ", pid,
                          program.filename().native());
      ++count;
    }
  }
  return text;
}

}  // namespace

SplitOptions split_mount_options(std::string_view options) {
  SplitOptions split;
  while (!options.empty()) {
    const std::size_t length = std::min(options.find(','), options.size());
    const std::string_view word = options.substr(0, length);
    options.remove_prefix(std::min(length + 1, options.size()));
    const NamedFlag* known =
        std::ranges::find(kFlags, word, [](const NamedFlag& flag) { return flag.name; });
    if (known != kFlags.end()) {
      split.flags = known->set ? split.flags | known->flag : split.flags & ~known->flag;
    } else if (!word.empty() && word != "defaults") {
      split.data += split.data.empty() ? "" : ",";
      split.data += word;
    }
  }
  return split;
}

Result<Mount> Mount::mount(const MountOptions& options, int* kernel_errno) {
  const SplitOptions split = split_mount_options(options.options);
  const steady_clock::time_point end = steady_clock::now() + kPatience;
  milliseconds pause{1};
  int error = 0;
  while (::mount(options.source.c_str(), options.target.c_str(), options.type.c_str(),
                 split.flags, split.data.c_str()) != 0) {
    error = errno;
    if (error != EBUSY || steady_clock::now() >= end) {
      break;
    }
    error = 0;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  if (kernel_errno != nullptr) {
    *kernel_errno = error;
  }
  if (error != 0) {
    Error failure =
        system_error(fmt::format("cannot mount {} on {} as {}", options.source.native(),
                                 options.target.native(), options.type),
                     error);
    if (error == ENODEV) {
      failure.kind = ErrorKind::kMissing;
      failure.hint = fmt::format("this kernel has no {}", options.type);
    }
    return fail(std::move(failure));
  }
  return Mount(options.target);
}

Mount::Mount(Mount&& other) noexcept : target_(std::exchange(other.target_, {})) {}

Mount& Mount::operator=(Mount&& other) noexcept {
  std::swap(target_, other.target_);
  return *this;
}

Mount::~Mount() {
  [[maybe_unused]] const Status ignored = unmount();
}

Status Mount::sync() const {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(target_, O_RDONLY | O_DIRECTORY));
  if (::syncfs(fd.get()) != 0) {
    return fail(system_error(fmt::format("cannot sync {}", target_.native()), errno));
  }
  return {};
}

Status Mount::freeze_and_thaw() const {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(target_, O_RDONLY | O_DIRECTORY));
  if (::ioctl(fd.get(), FIFREEZE, 0) != 0) {
    return fail(system_error(fmt::format("cannot freeze {}", target_.native()), errno));
  }
  if (::ioctl(fd.get(), FITHAW, 0) != 0) {
    return fail(system_error(fmt::format("cannot thaw {}", target_.native()), errno));
  }
  return {};
}

Status Mount::unmount() {
  const std::filesystem::path target = std::exchange(target_, {});
  return target.empty() ? Status{} : unmount_path(target);
}

Status unmount_path(const std::filesystem::path& target) {
  const steady_clock::time_point end = steady_clock::now() + kPatience;
  milliseconds pause{1};
  while (::umount2(target.c_str(), UMOUNT_NOFOLLOW) != 0) {
    const int error = errno;
    if (error == EBUSY && steady_clock::now() < end) {
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, kLongestPause);
      continue;
    }
    Error failure =
        system_error(fmt::format("cannot unmount {}", target.native()), error);
    if (error == EBUSY) {
      failure.message += name_holders(target);
      ::umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    }
    return fail(std::move(failure));
  }
  return {};
}

}  // namespace powercut
