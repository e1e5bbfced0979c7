// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: ext2, ext3 and ext4 metadata after recovery: e2fsck -fy replays the journal
//   and then checks everything; any problem it would have to fix is a finding, with the
//   problem codes from e2fsck's own problem log. The outcome is the tree that it leaves.
//   With data: a probe for each unit of each file; what its stamps say against it
//   (base/stamp.h) is a finding. To observe, the base tells that tree and each probe the
//   bytes of its unit; inline content is a unit then, which reads nothing more.
// When: every state of an ext2/3/4 file system; it needs no mount and no kernel. With
//   ext4:cross the kernel's recovery is held against e2fsck's (ext4_cross.h).
// Does NOT verify: file content without a stamp (e2fsck never reads it), and whether what
//   is there is the newest; content that is inline (it is in the inode); the kernel's own
//   recovery, which is other code; anything that e2fsck does not look at. Encrypted files
//   and such with verity cannot be looked into.
// Known false alarms: the feature fast_commit. e2fsck 1.47.0 replays the fast commits of
//   newer kernels wrongly (seen with Linux 6.18): it reports problems where there are
//   none after the kernel's recovery, which ext4:cross tells. And e2fsck 1.47.0 dies when
//   it logs some problems (of a missing lost+found, for one): inconclusive if it had
//   logged no other before. What every recovery may rightly meet is told to e2fsck as no
//   fix (e2fsck.h).
//
// The tier is proved: e2fsck reads the metadata and nothing else, block by block. The
// tree is read after it from blocks that it has read, so that costs time only: 5 us a
// name (0.17 ms for a tree of 19 names, 0.5 ms for one of 96).

#pragma once

#include "checkers/checker.h"

namespace powercut {

Result<std::unique_ptr<Checker>> make_ext4_checker(const std::string& argument,
                                                   const CheckerOptions& options);

}  // namespace powercut
