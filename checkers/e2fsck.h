// SPDX-License-Identifier: GPL-2.0-only
//
// Runs e2fsck -fy on a disk, which replays its journal and then repairs what it finds,
// and says what of that is wrong after a crash. Used by checkers; it is none.
//
// Not a fix: the superblock's free counts are updated lazily and rightly differ after a
// crash (problems 0x05000d, 0x05000f), orphaned inodes are cleared by every recovery
// (0x000020, 0x000021), and so is the file that lists them (0x06000c, 0x06000d, with the
// feature orphan_file). e2fsck is told so (not_a_fix in e2fsck.conf(5)).

#pragma once

#include "base/result.h"
#include "checkers/checker.h"
#include "replay/verdict.h"

#include <chrono>

namespace powercut {

// An Error of kind kMissing, with a hint, if e2fsck is not there.
Status find_e2fsck(const std::string& who);

// Of disk 0, which it changes. Writes into the scratch directory.
Result<Verdict> run_e2fsck(const Subject& subject, std::chrono::milliseconds timeout);

}  // namespace powercut
