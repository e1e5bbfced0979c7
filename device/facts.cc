// SPDX-License-Identifier: GPL-2.0-only

#include "device/facts.h"

#include "base/ensure.h"
#include "base/fd.h"
#include "base/subprocess.h"
#include "device/device_mapper.h"
#include "device/dm_task.h"
#include "device/guest/kernel_choice.h"
#include "device/guest/module_build.h"
#include "device/log_target.h"

#include <fmt/format.h>

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

// Asks the driver, but loads no module.
Fact device_mapper_fact() {
  const std::string name = "device-mapper";
  if (!has_device_mapper(false)) {
    return {
        name, false, "not in this kernel",
        "load the kernel module: modprobe dm-mod; or run it in a guest: powercut guest"};
  }
  const Result<std::string> version = dm_driver_version();
  return version ? Fact{name, true, *version, ""}
                 : Fact{name, false, version.error().message, version.error().hint};
}

// Version 1 works too, but for formats and options that only ours has.
Fact log_target_fact() {
  const std::string name = kLogTarget;
  if (!has_device_mapper(false)) {
    return {name, false, "no device-mapper", "powercut guest --log-writes"};
  }
  const Result<std::optional<DmVersion>> version = dm_target_version(kLogTarget);
  if (!version) {
    return {name, false, version.error().message, version.error().hint};
  }
  if (!*version) {
    return {name, false, "not loaded",
            "build and load kernel/log-writes, or use powercut guest --log-writes"};
  }
  return {name, true,
          to_string(**version) +
              ((*version)->major < 2 ? " (upstream's: format 1, no options)" : ""),
          ""};
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

// What `powercut guest` boots if no kernel is named.
Fact guest_kernel_fact(const Result<KernelChoice>& kernel) {
  const std::string name = "guest kernel";
  return kernel ? Fact{name, true, kernel->image.native(), ""}
                : Fact{name, false, kernel.error().message, kernel.error().hint};
}

// What the log-writes target is built with for that kernel.
Fact guest_headers_fact(const Result<KernelChoice>& kernel) {
  const std::string name = "guest headers";
  if (!kernel) {
    return {name, false, "no guest kernel", kernel.error().hint};
  }
  const Status status = check_module_headers(kernel->modules);
  return status ? Fact{name, true, kernel->modules.build_directory().native(), ""}
                : Fact{name, false, status.error().message, status.error().hint};
}

}  // namespace

std::vector<Fact> collect_facts() {
  const Result<KernelChoice> guest_kernel = choose_kernel({}, {});
  return {
      kernel_fact(),
      root_fact(),
      node_fact("fuse", "/dev/fuse", O_RDWR, "load the kernel module: modprobe fuse"),
      node_fact("loop", "/dev/loop-control", O_RDWR,
                "load the kernel module: modprobe loop"),
      device_mapper_fact(),
      log_target_fact(),
      mount_namespace_fact(),
      program_fact("e2fsck", "-V", "e2fsprogs"),
      program_fact("mkfs.ext4", "-V", "e2fsprogs"),
      program_fact("qemu-system-x86_64", "--version", "qemu-system-x86"),
      guest_kernel_fact(guest_kernel),
      guest_headers_fact(guest_kernel),
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
