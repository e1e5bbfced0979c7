// SPDX-License-Identifier: GPL-2.0-only
//
// Where powercut keeps what is slow to find out and can be found out again at any time.

#pragma once

#include "base/result.h"

#include <filesystem>

namespace powercut {

// $XDG_CACHE_HOME/powercut, $HOME/.cache/powercut, or /var/cache/powercut without a home;
// made if it is not there.
Result<std::filesystem::path> cache_directory();

}  // namespace powercut
