// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: that a kernel mounts the state, that every name in it can be read, that it
//   can be used (in every directory: create, write, rename, unlink), unmounted, mounted
//   again and read again; without complaint. With data: that every unit of every file
//   can be read, and holds nothing whose stamp says that it belongs elsewhere.
// When: a file system without a checker of its own (usable:FSTYPE, as mount -t takes it),
//   or beside one: what fsck calls sound a kernel may still trip over. It needs a mounter
//   whose kernel has the file system.
// Does NOT verify: that what is there is what was there: neither names nor, without
//   stamps, content.
// Known false alarms: a file system without room for one more file. It complains without
//   a crash too, and is then subtracted with the baseline.
//
// The tier is inferred: nothing is known of how much a file system reads, and to use it
// reads and writes in every corner of it.

#pragma once

#include "checkers/checker.h"

#include <string>

namespace powercut {

// argument: the type of file system.
Result<std::unique_ptr<Checker>> make_usable_checker(const std::string& argument,
                                                     const CheckerOptions& options);

}  // namespace powercut
