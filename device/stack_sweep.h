// SPDX-License-Identifier: GPL-2.0-only
//
// Takes down what a script left of a stack: mounts of block devices, device-mapper
// devices, md arrays, loop devices. All of the machine: only for a guest.

#pragma once

#include <string>
#include <vector>

namespace powercut {

// Returns what is still there afterwards, by name; nothing if all is gone.
std::vector<std::string> sweep_stack();

}  // namespace powercut
