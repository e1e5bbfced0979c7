// SPDX-License-Identifier: GPL-2.0-only
//
// What the guest of a stack's scenario needs beside a kernel: modules of it, modules that
// are built for it, programs; and what its scripts are told.

#pragma once

#include "base/result.h"
#include "device/guest/guest.h"
#include "workload/scenario.h"

#include <string>
#include <vector>

namespace powercut {

// Adds them. With `recording`, the log-writes target too. An Error of kind kMissing: a
// program, headers or a source is not here.
Status equip_guest(const Scenario& scenario, bool recording, GuestOptions& guest);

// The text of its script, for bash, where the disks are $POWERCUT_DEVICE and so on.
std::string stack_script(const Scenario& scenario);

// The text of its verify, where the disks are variables of their names.
std::string stack_verify(const Scenario& scenario);

// "meta dest": the names of the disks.
std::string disk_names(const Scenario& scenario);

}  // namespace powercut
