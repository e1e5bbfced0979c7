// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: that the kernel mounts a btrfs (and replays its log tree) without complaint,
//   that every name can be read, and that btrfs check --readonly finds nothing wrong in
//   what the kernel left. With data: that every unit of every file can be read, which
//   its checksum decides, and holds nothing whose stamp says that it belongs elsewhere.
// When: every state of a btrfs on one disk; it needs a mounter and btrfs-progs. A kernel
//   knows a mounted btrfs by its uuid and takes a second state for the same: one state a
//   kernel at a time (alone()); a mount that meets another (EEXIST, EBUSY) is
//   inconclusive.
// Does NOT verify: file systems of several disks; old content (only with data, and by
//   checksum). Scrub is left out: it works on a mounted file system, and a Mounter has it
//   mounted for a visit only; the data probes read each unit with its checksum, as scrub
//   does, but of a mirrored unit one copy. Nodatacow files have no checksums.
// Known false alarms: none known. The old cache of free space (v1) is rebuilt after a
//   crash; what the kernel says of that is no finding.
//
// The tier is proved: trees are read block by block, by need. btrfs check reads all of
// them in the base, so what the data probes read of them on their way to the data (again
// through a mount) is in the footprint of each.

#pragma once

#include "checkers/checker.h"

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

Result<std::unique_ptr<Checker>> make_btrfs_checker(const std::string& argument,
                                                    const CheckerOptions& options);

// What btrfs check complains of: every line that is no report of progress or sums.
std::vector<std::string> btrfs_check_complaints(std::string_view output);

}  // namespace powercut
