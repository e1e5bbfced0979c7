// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: that the kernel mounts an F2FS (takes its newest whole checkpoint and rolls
//   forward what was synced after it) without complaint, that every name can be read,
//   and, if f2fs-tools are there, that fsck.f2fs --dry-run finds nothing wrong in what
//   the kernel left. With data: that every unit of every file can be read, and holds
//   nothing whose stamp says that it belongs elsewhere.
// When: every state of an F2FS on one disk; it needs a mounter whose kernel has f2fs.
// Does NOT verify: old content of files; without f2fs-tools more than the walk meets.
// Known false alarms: none known. Of the two checkpoints a crash may tear one; what the
//   kernel says of that ("invalid crc value") is no finding.
//
// The tier is inferred: a mount reads both checkpoints and all of the segment table, in
// which every write shows, and its garbage collector may read what it likes; so nearly
// every state would be a class of its own.

#pragma once

#include "checkers/checker.h"

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

Result<std::unique_ptr<Checker>> make_f2fs_checker(const std::string& argument,
                                                   const CheckerOptions& options);

// What fsck.f2fs complains of: every line that is no report of progress, and every
// verification that failed.
std::vector<std::string> f2fs_fsck_complaints(std::string_view output);

}  // namespace powercut
