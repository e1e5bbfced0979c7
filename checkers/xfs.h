// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: that the kernel recovers the log of an XFS and mounts it without complaint,
//   that every name can be read, and that xfs_repair -n finds nothing to repair in what
//   the kernel left after a clean unmount; a log that is dirty then is a finding. With
//   data: that every unit of every file can be read, and holds nothing whose stamp says
//   that it belongs elsewhere.
// When: every state of an XFS; it needs a mounter and xfsprogs. mkfs.xfs makes nothing
//   below 300 MB (but with --unsupported); checking has no such bound. States have one
//   uuid, so they are mounted with nouuid and may be so at the same time.
// Does NOT verify: old content of files (XFS journals no data); what xfs_repair does not
//   look at (content; extended attributes but for their form); realtime and log devices
//   apart from the disk.
// Known false alarms: none known. The tier is inferred: recovery reads the whole log in
//   search of its head and clusters of inodes around those it uses, so nearly every
//   state would be a class of its own.

#pragma once

#include "checkers/checker.h"

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

Result<std::unique_ptr<Checker>> make_xfs_checker(const std::string& argument,
                                                  const CheckerOptions& options);

// What xfs_repair -n complains of: every line that is no report of progress. If it finds
// the log dirty, that alone: the rest is spurious then, as it says itself.
std::vector<std::string> xfs_repair_complaints(std::string_view output);

}  // namespace powercut
