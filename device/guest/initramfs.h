// SPDX-License-Identifier: GPL-2.0-only
//
// The whole file system of a guest, as an initramfs: powercut as PID 1, host programs
// with their libraries at their own paths, a basic set of tools, and kernel modules.

#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace powercut {

// Where the guest's first process finds what it loads: "path parameters", a line each.
inline constexpr const char* kGuestModuleList = "/etc/powercut/boot";
// The same for each name that its kernel may ask modprobe for.
inline constexpr const char* kGuestDemandLists = "/etc/powercut/on-demand";
// The program that is PID 1, as the kernel is told.
inline constexpr const char* kGuestInit = "/usr/bin/powercut";

// A kernel module, as a host file; loaded with the parameters "a=1 b=2".
struct GuestModule {
  std::filesystem::path file;
  std::string parameters;
};

// A file or directory of the host; an empty guest path is the same as on the host.
struct GuestFile {
  std::filesystem::path host;
  std::filesystem::path guest;
};

struct InitramfsOptions {
  std::filesystem::path own_program;  // powercut itself: /proc/self/exe, resolved
  std::vector<std::string> programs;  // names or paths; one that is missing is an Error
  std::vector<GuestFile> files;
  std::vector<GuestModule> modules;  // in the order of loading
  std::map<std::string, std::vector<std::filesystem::path>> demand_modules;  // by alias
};

// Programs that every guest has if this machine has them.
const std::vector<std::string>& basic_guest_programs();

// Writes the archive and returns its size in bytes.
Result<std::uint64_t> write_initramfs(const std::filesystem::path& archive,
                                      const InitramfsOptions& options);

}  // namespace powercut
