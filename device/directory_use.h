// SPDX-License-Identifier: GPL-2.0-only
//
// Uses every directory of a mounted file system as an application would: creates a file,
// writes it, renames it, looks at it, removes it; makes and removes a directory. What a
// recovery left half-done (an orphan, a bitmap, an index of names) often shows only then.
//
// Directories that are marked immutable or append-only, and encrypted ones, whose key
// nobody has, are left alone: they rightly refuse.

#pragma once

#include "base/file_tree.h"
#include "device/problem_list.h"

namespace powercut {

// A failure is a line "use DIR: OPERATION: ERROR", one a directory. `root` is the open
// root directory of the mount, `tree` what was walked there.
void use_directories(int root, const FileTree& tree, ProblemList& problems);

}  // namespace powercut
