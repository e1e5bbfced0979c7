// SPDX-License-Identifier: GPL-2.0-only
//
// Runs a script on the disks of a state, in a guest: it may assemble device-mapper
// targets, arrays and mounts, and what it leaves of them is taken down afterwards. The
// work itself, in the calling thread; GuestMounter does it with a bound on the time. Not
// for a machine that is not thrown away: it would take down that one's devices.

#pragma once

#include "base/result.h"
#include "base/script_report.h"
#include "device/guest/channel.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace powercut {

// Caches of the devices are dropped before. `begin_part(i)` is called when the script
// announces its part i, from 1, and returns before the script goes on. `machine_failure`
// is never set. An Error: a device or bash is not there.
Result<ScriptReport> run_script(const ScriptRequest& request,
                                const std::vector<std::filesystem::path>& devices,
                                const std::function<void(std::size_t part)>& begin_part);

// As messages between Guest and the process that visits (device/visit_process.h).
GuestMessage script_message(const ScriptRequest& request,
                            const std::vector<std::filesystem::path>& devices);

struct ScriptCall {
  ScriptRequest request;
  std::vector<std::filesystem::path> devices;
};

Result<ScriptCall> read_script_message(const GuestMessage& message);
GuestMessage scripted_message(const Result<ScriptReport>& report);
Result<ScriptReport> read_scripted(const GuestMessage& message);

// Inside such a script: begins the next part. The label is one line. An Error (kUsage):
// no such script is around us.
Status announce_part(const std::string& label);

}  // namespace powercut
