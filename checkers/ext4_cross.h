// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: that the kernel's recovery of an ext2, ext3 or ext4 agrees with e2fsck's.
// Each
//   recovers the state from the beginning; what they bring back must be the same tree
//   (names, attributes, sizes, extents), the kernel must mount it without complaint, and
//   e2fsck must find nothing in what the kernel left.
// When: one state of each class that the ext4 checker found (ext4:cross by itself: every
//   state). It needs a mounter.
// Does NOT verify: what files hold; times, numbers of inodes and free space. Of a state
//   of which e2fsck complains the kernel repairs less and may show and say what it
//   likes; then two things are findings: the death of its machine, and that e2fsck has
//   nothing against what the kernel's recovery left, for then its own was wrong.
// Known false alarms: none known.

#pragma once

#include "checkers/checker.h"

namespace powercut {

std::unique_ptr<Checker> make_ext4_cross_checker(const CheckerOptions& options);

}  // namespace powercut
