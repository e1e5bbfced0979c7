// SPDX-License-Identifier: GPL-2.0-only

#include "device/sweep.h"

#include "base/fd.h"
#include "base/run_id.h"
#include "device/device_mapper.h"
#include "device/loop_device.h"
#include "device/mount.h"
#include "device/mount_table.h"
#include "device/run_dir.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

namespace powercut {
namespace {

namespace fs = std::filesystem;

bool is_server(const MountEntry& entry) {
  return entry.type == "fuse.powercut";
}

// The run directory in a path below it, or empty.
fs::path run_directory_in(const fs::path& path, std::string_view run_id) {
  const std::string name = fmt::format("{}{}", kRunPrefix, run_id);
  fs::path directory;
  for (const fs::path& part : path) {
    directory /= part;
    if (part.native() == name) {
      return directory;
    }
  }
  return {};
}

// A server whose process is gone answers ENOTCONN, if it is asked: the kernel knows the
// attributes of the directory by heart.
bool is_disconnected(const fs::path& mountpoint) {
  struct statx status = {};
  return ::statx(AT_FDCWD, mountpoint.c_str(), AT_STATX_FORCE_SYNC, STATX_BASIC_STATS,
                 &status) != 0 &&
         errno == ENOTCONN;
}

// Names of the entries of a directory, in order; empty if it cannot be read.
std::set<std::string> names_in(const fs::path& directory) {
  std::set<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    names.insert(entry.path().filename().native());
  }
  return names;
}

std::string read_name(const fs::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> text = {};
  const ssize_t got = fd.valid() ? ::read(fd.get(), text.data(), text.size()) : 0;
  const std::string_view line(text.data(),
                              static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return std::string(line.substr(0, line.find('\n')));
}

// Collects one kind after the other, and remembers which runs are dead.
class Sweep {
 public:
  std::vector<Leftover> find();

 private:
  RunState state_of(std::string_view run_id, const fs::path& seen_in);
  bool has_dead_server(std::string_view run_id) const;
  std::string run_id_behind(const fs::path& file) const;
  void add(Leftover::Kind kind, std::string name, std::string_view run_id,
           std::string detail);
  void find_processes();
  void find_mappings();
  void find_mounts(bool servers);
  void find_loops();
  void find_run_directories();

  std::vector<MountEntry> mounts_ = read_mount_table();
  std::map<std::string, RunState, std::less<>> states_;
  std::vector<Leftover> found_;
};

RunState Sweep::state_of(std::string_view run_id, const fs::path& seen_in) {
  const std::map<std::string, RunState, std::less<>>::const_iterator known =
      states_.find(run_id);
  if (known != states_.end()) {
    return known->second;
  }
  const std::string name = fmt::format("{}{}", kRunPrefix, run_id);
  RunState state = RunState::kGone;
  for (const fs::path& directory : {run_directory_in(seen_in, run_id),
                                    run_dir_parent() / name, "/tmp" / fs::path(name)}) {
    if (state == RunState::kGone && !directory.empty()) {
      state = run_state(directory);
    }
  }
  if (state == RunState::kGone && has_dead_server(run_id)) {
    state = RunState::kDead;
  }
  if (state != RunState::kGone) {
    states_.emplace(run_id, state);
  }
  return state;
}

// The run directory may lie where we do not look: $TMPDIR was another then.
bool Sweep::has_dead_server(std::string_view run_id) const {
  return std::ranges::any_of(mounts_, [&](const MountEntry& entry) {
    return is_server(entry) && find_run_id(entry.source) == run_id &&
           is_disconnected(entry.target);
  });
}

// Whose disk a file is: its path says so, or the server's mount that it lies in, which a
// user may have asked for anywhere. Of mounts one below the other the last counts.
std::string Sweep::run_id_behind(const fs::path& file) const {
  if (const std::string_view named = find_run_id(file.native()); !named.empty()) {
    return std::string(named);
  }
  std::string run_id;
  std::size_t longest = 0;
  for (const MountEntry& entry : mounts_) {
    const std::string below = entry.target.native() + "/";
    if (file.native().starts_with(below) && below.size() >= longest) {
      longest = below.size();
      run_id = is_server(entry) ? find_run_id(entry.source) : std::string_view();
    }
  }
  return run_id;
}

void Sweep::add(Leftover::Kind kind, std::string name, std::string_view run_id,
                std::string detail) {
  found_.push_back({kind, std::move(name), std::string(run_id), std::move(detail)});
}

// The workload of a recording dies with it, but not what the workload left running in the
// background; that still holds the mount, and with it the loop and the disk.
void Sweep::find_processes() {
  const std::string wanted = fmt::format("{}=", kControlVariable);
  for (const std::string& pid : names_in("/proc")) {
    if (pid.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    std::ifstream environment(fs::path("/proc") / pid / "environ", std::ios::binary);
    for (std::string variable; std::getline(environment, variable, '\0');) {
      if (!variable.starts_with(wanted)) {
        continue;
      }
      const fs::path socket = variable.substr(wanted.size());
      const std::string_view run_id = find_run_id(socket.native());
      if (!run_id.empty() && state_of(run_id, socket) == RunState::kDead) {
        add(Leftover::Kind::kProcess, pid, run_id,
            read_name(fs::path("/proc") / pid / "comm"));
      }
    }
  }
}

void Sweep::find_mappings() {
  for (const std::string& device : names_in("/sys/block")) {
    if (!device.starts_with("dm-")) {
      continue;
    }
    const std::string name = read_name(fs::path("/sys/block") / device / "dm/name");
    const std::string_view run_id = find_run_id(name);
    if (!run_id.empty() && name.starts_with(kRunPrefix) &&
        state_of(run_id, {}) == RunState::kDead) {
      add(Leftover::Kind::kDeviceMapper, name, run_id, "/dev/" + device);
    }
  }
}

void Sweep::find_mounts(bool servers) {
  for (std::size_t i = mounts_.size(); i > 0; --i) {
    const MountEntry& entry = mounts_[i - 1];
    if (is_server(entry) != servers) {
      continue;
    }
    std::string run_id(find_run_id(servers ? entry.source : entry.target.native()));
    fs::path seen_in = entry.target;
    if (run_id.empty() && entry.source.starts_with("/dev/loop")) {
      seen_in = loop_backing_file(fs::path(entry.source).filename());
      run_id = run_id_behind(seen_in);
    }
    if (run_id.empty()) {
      continue;
    }
    if (state_of(run_id, seen_in) == RunState::kDead) {
      add(servers ? Leftover::Kind::kServer : Leftover::Kind::kMount, entry.target,
          run_id, fmt::format("{} on {}", entry.type, entry.source));
    }
  }
}

void Sweep::find_loops() {
  for (const std::string& device : names_in("/sys/block")) {
    if (!device.starts_with("loop")) {
      continue;
    }
    const std::string backing_file = loop_backing_file(device);
    const std::string run_id = run_id_behind(backing_file);
    if (!run_id.empty() && state_of(run_id, backing_file) == RunState::kDead) {
      add(Leftover::Kind::kLoop, device, run_id, backing_file);
    }
  }
}

void Sweep::find_run_directories() {
  for (const fs::path& parent : std::set<fs::path>{run_dir_parent(), "/tmp"}) {
    for (const std::string& name : names_in(parent)) {
      const std::string_view run_id = find_run_id(name);
      // Without an id, any name as long as the prefix would do.
      if (!run_id.empty() && run_id.size() + kRunPrefix.size() == name.size() &&
          run_state(parent / name) == RunState::kDead) {
        add(Leftover::Kind::kRunDirectory, parent / name, run_id,
            run_owner(parent / name));
      }
    }
  }
}

std::vector<Leftover> Sweep::find() {
  find_processes();
  find_mounts(false);
  find_mappings();
  find_loops();
  find_mounts(true);
  find_run_directories();
  return std::move(found_);
}

bool is_mounted(const std::string& target) {
  return std::ranges::any_of(read_mount_table(), [&](const MountEntry& entry) {
    return entry.target.native() == target;
  });
}

// Nobody answers behind a dead server, so nothing is lost by cutting off its holders.
Status remove_server(const std::string& target) {
  ::umount2(target.c_str(), MNT_FORCE | UMOUNT_NOFOLLOW);
  if (is_mounted(target) &&
      ::umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) {
    return fail(system_error(fmt::format("cannot unmount {}", target), errno));
  }
  return {};
}

// Ends it, and waits until it is gone: what it holds can be removed only then.
Status remove_process(const std::string& name) {
  const pid_t pid = static_cast<pid_t>(std::stol(name));
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
  if (!process.valid() ||
      ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0U) != 0) {
    return errno == ESRCH
               ? Status()
               : fail(system_error(fmt::format("cannot kill process {}", name), errno));
  }
  // One that nobody waits for is dead too, and holds nothing.
  constexpr int kPatienceMs = 5000;
  pollfd ended{process.get(), POLLIN, 0};
  if (::poll(&ended, 1, kPatienceMs) != 1) {
    return fail(ErrorKind::kSystem, fmt::format("process {} does not die", name));
  }
  return {};
}

Status remove_run_directory(const std::string& path) {
  switch (run_state(path)) {
    case RunState::kGone:
      return {};
    case RunState::kDead:
      return remove_tree(path);
    case RunState::kAlive:
      break;
  }
  return fail(ErrorKind::kUsage,
              fmt::format("cannot remove {}: a process uses it", path));
}

}  // namespace

std::string_view to_string(Leftover::Kind kind) {
  switch (kind) {
    case Leftover::Kind::kProcess:
      return "process";
    case Leftover::Kind::kDeviceMapper:
      return "device-mapper device";
    case Leftover::Kind::kMount:
      return "mount";
    case Leftover::Kind::kLoop:
      return "loop device";
    case Leftover::Kind::kServer:
      return "disk server mount";
    case Leftover::Kind::kRunDirectory:
      return "run directory";
  }
  return "unknown";
}

std::vector<Leftover> find_leftovers() {
  return Sweep().find();
}

Status remove(const Leftover& leftover) {
  switch (leftover.kind) {
    case Leftover::Kind::kProcess:
      return remove_process(leftover.name);
    case Leftover::Kind::kDeviceMapper:
      return remove_dm_device(leftover.name);
    case Leftover::Kind::kMount:
      return is_mounted(leftover.name) ? unmount_path(leftover.name) : Status{};
    case Leftover::Kind::kLoop:
      return detach_loop(leftover.name);
    case Leftover::Kind::kServer:
      return is_mounted(leftover.name) ? remove_server(leftover.name) : Status{};
    case Leftover::Kind::kRunDirectory:
      return remove_run_directory(leftover.name);
  }
  return {};
}

}  // namespace powercut
