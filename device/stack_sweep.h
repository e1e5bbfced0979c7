// SPDX-License-Identifier: GPL-2.0-only
//
// Takes down what a script left of a stack: mounts, device-mapper devices, md arrays,
// loop devices. All of the machine but the mounts that were there before: only for a
// guest.

#pragma once

#include "device/mount_table.h"

#include <string>
#include <vector>

namespace powercut {

// `before`: the mounts when the script began. Returns what is still there afterwards, by
// name; nothing if all is gone.
std::vector<std::string> sweep_stack(const std::vector<MountEntry>& before);

}  // namespace powercut
