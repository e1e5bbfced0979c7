// SPDX-License-Identifier: GPL-2.0-only
//
// What a disk holds as files of this machine: the way from what libext2fs reads of a
// state to a program that wants a directory.
//
// The disk is taken for hostile: nothing outside the directory is made, opened or
// changed, whatever names and links the tree has. Nor has a copy what could harm this
// machine: no device nodes, fifos and sockets, no set-user-ID and set-group-ID, no
// owners.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "checkers/checker.h"
#include "checkers/ext2_files.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

// What files are read in to be copied.
inline constexpr Ext2Units kUnitsToCopy{64 << 10, true};

// Copies into an empty directory: directories, regular files with their content and
// holes, several names of one file as such, symbolic links, permissions (not of the top),
// and attributes of "user.". Times are those of no state but the same for all, so that a
// program that looks at them is deterministic. `files` are read with kUnitsToCopy, of the
// same disk.
//
// Gives the paths that were not copied, for they are of another type. An Error of kind
// kBadInput: the tree is none that can be (a name "..", more content than the disk has
// room); else this machine cannot hold it.
Result<std::vector<std::string>> copy_tree(const Subject& subject, std::size_t disk,
                                           const Ext2Files& files, const Fd& directory);

}  // namespace powercut
