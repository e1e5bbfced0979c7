// SPDX-License-Identifier: GPL-2.0-only

#include "device/facts.h"

#include "base/ensure.h"
#include "base/fd.h"
#include "base/subprocess.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace powercut {
namespace {

constexpr std::chrono::seconds kVersionTimeout{10};

Fact kernel_fact() {
  utsname name = {};
  ::uname(&name);
  return {"kernel", true, std::string(name.sysname) + " " + name.release, ""};
}

Fact root_fact() {
  const bool root = ::geteuid() == 0;
  return {"root", root, root ? "" : "not root",
          root ? "" : "run as root to record, mount and use loop devices"};
}

// A device node that can be opened.
Fact node_fact(const std::string& name, const std::string& path, int flags,
               const std::string& hint) {
  const Fd fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (fd.valid()) {
    return {name, true, path, ""};
  }
  const int error = errno;
  return {name, false, path + ": " + ::strerror(error),
          error == EACCES || error == EPERM ? "run as root" : hint};
}

// Tries unshare in a child, for it cannot be undone.
Fact mount_namespace_fact() {
  const pid_t child = ::vfork();
  if (child == 0) {
    ::_exit(::unshare(CLONE_NEWNS) == 0 ? 0 : 1);
  }
  int status = -1;
  const bool works = child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
  return {"mount namespace", works, works ? "" : "cannot be made",
          works ? "" : "run as root"};
}

// A program, with the first line that `option` makes it print.
Fact program_fact(const std::string& name, const std::string& option,
                  const std::string& package) {
  const Result<std::filesystem::path> path = find_program(name);
  if (!path) {
    return {name, false, "not found", "install " + package};
  }
  SubprocessOptions options;
  options.argv = {path->native(), option};
  options.timeout = kVersionTimeout;
  const Result<ExitState> state = run_subprocess(options);
  if (!state || !state->code) {
    return {name, false, state ? to_string(*state) : state.error().message,
            "reinstall " + package};
  }
  return {name, true, state->output.substr(0, state->output.find('\n')), ""};
}

}  // namespace

std::vector<Fact> collect_facts() {
  return {
      kernel_fact(),
      root_fact(),
      node_fact("fuse", "/dev/fuse", O_RDWR, "load the kernel module: modprobe fuse"),
      node_fact("loop", "/dev/loop-control", O_RDWR,
                "load the kernel module: modprobe loop"),
      node_fact("device-mapper", "/dev/mapper/control", O_RDWR,
                "load the kernel module: modprobe dm-mod"),
      mount_namespace_fact(),
      program_fact("e2fsck", "-V", "e2fsprogs"),
      program_fact("mkfs.ext4", "-V", "e2fsprogs"),
      program_fact("qemu-system-x86_64", "--version", "qemu-system-x86"),
      node_fact("kvm", "/dev/kvm", O_RDWR, "turn on virtualisation; guests run without"),
  };
}

const Fact& find_fact(const std::vector<Fact>& facts, std::string_view name) {
  const std::vector<Fact>::const_iterator found =
      std::ranges::find(facts, name, [](const Fact& fact) { return fact.name; });
  PC_ENSURE(found != facts.end(), "asked for a fact that is not collected");
  return *found;
}

}  // namespace powercut
