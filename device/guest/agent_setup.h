// SPDX-License-Identifier: GPL-2.0-only
//
// What the first process of a guest does before it serves anybody: mounts, modules, and
// the way to the host. Runs in the guest only, as PID 1.

#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <filesystem>
#include <string>

namespace powercut {

// What the host calls the port of its virtual serial device.
inline constexpr const char* kGuestPortName = "powercut.agent";

// proc, sysfs, devtmpfs and what else programs expect to be mounted.
Status mount_guest_file_systems();

// Loads what a list says (kGuestModuleList, or one below kGuestDemandLists), in its
// order. The Error names the first that fails.
Status load_guest_modules(const std::filesystem::path& list);

// Opens the port, without blocking reads; waits some seconds for it to appear.
Result<Fd> open_guest_port();

// Into the kernel's log, which the host sees on the console even if we end at once.
void log_to_console(const std::string& text);

// Ends every process, unmounts, and switches the guest off.
[[noreturn]] void power_off_guest();

}  // namespace powercut
