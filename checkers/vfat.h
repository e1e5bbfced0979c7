// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: that fsck.vfat -n finds nothing wrong in the state; and, where a mounter is,
//   that the kernel mounts it without complaint and every name can be read. With data:
//   that every unit of every file can be read, and holds nothing whose stamp says that it
//   belongs elsewhere.
// When: every state of a FAT12, FAT16 or FAT32; it needs dosfstools, and with data a
//   mounter.
// Does NOT verify: old content of files; that something that was synced is there.
// Known false alarms: FAT has neither journal nor order, so a crash in the midst of an
//   operation rightly leaves lost clusters and names without clusters: those are findings
//   here, though FAT promises nothing else. The dirty bit and the summary of free
//   clusters, a hint, are not.
//
// The tier is proved: fsck.vfat reads the FAT and the directories, which it uses.

#pragma once

#include "checkers/checker.h"

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

Result<std::unique_ptr<Checker>> make_vfat_checker(const std::string& argument,
                                                   const CheckerOptions& options);

// What fsck.vfat -n complains of; a line with those indented below it is one complaint.
std::vector<std::string> vfat_fsck_complaints(std::string_view output);

}  // namespace powercut
