// SPDX-License-Identifier: GPL-2.0-only
//
// What a guest's kernel needs to mount a file system.

#pragma once

#include "base/result.h"
#include "device/guest/guest.h"

#include <string>

namespace powercut {

// Has the modules loaded. Of file systems that we do not know, the module of that name,
// if there is one. An Error of kind kMissing: the guest's kernel has not this file
// system.
Status add_file_system_modules(const std::string& type, GuestOptions& guest);

}  // namespace powercut
