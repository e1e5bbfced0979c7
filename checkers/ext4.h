// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: ext2, ext3 and ext4 metadata after recovery: e2fsck -fy replays the journal
//   and then checks everything; any problem it would have to fix is a finding, with the
//   problem codes from e2fsck's own problem log.
// When: every state of an ext2/3/4 file system; it needs no mount and no kernel.
// Does NOT verify: file content (e2fsck never reads it); the kernel's own recovery, which
//   is other code; anything that e2fsck does not look at.
// Known false alarms: none known. The superblock's free counts are updated lazily and
//   rightly differ after a crash (problems 0x05000d, 0x05000f), orphaned inodes are
//   cleared by every recovery (0x000020, 0x000021): both are told to e2fsck as no fix.

#pragma once

#include "checkers/checker.h"

namespace powercut {

Result<std::unique_ptr<Checker>> make_ext4_checker(const std::string& argument,
                                                   const CheckerOptions& options);

}  // namespace powercut
