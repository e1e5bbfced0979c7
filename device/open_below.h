// SPDX-License-Identifier: GPL-2.0-only
//
// Opens what a mounted file system has at a path, and nothing else: no symbolic link is
// followed on the way or at the end, and no other mount is entered.

#pragma once

#include "base/fd.h"

#include <string>

namespace powercut {

// `path` is "/", "/a/b", of any length, seen from the directory `root`. Not valid on
// failure, with errno set. O_CLOEXEC and O_NOFOLLOW are added.
Fd open_below(int root, const std::string& path, int flags);

}  // namespace powercut
