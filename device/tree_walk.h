// SPDX-License-Identifier: GPL-2.0-only
//
// Reads all names and attributes of a mounted file system. Changes nothing, not even
// times of access of files and directories; reads no data of files.

#pragma once

#include "base/file_tree.h"
#include "device/problem_list.h"

namespace powercut {

struct TreeWalk {
  FileTree tree;              // normalised
  bool extents_known = true;  // false: the file system does not tell them (FIEMAP)
};

// `root` is the open root directory of the mount. What cannot be read is a problem, and
// what was read of it stays in the tree. No other mount is entered.
TreeWalk walk_tree(int root, ProblemList& problems);

}  // namespace powercut
