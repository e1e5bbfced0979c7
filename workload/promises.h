// SPDX-License-Identifier: GPL-2.0-only
//
// What a file system promises beyond POSIX. Each promise has a name, which findings say
// and scenarios switch on and off; what they mean, and where each file system gives them,
// is docs/oracles.md.

#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct Promises {
  // fsync() of a file keeps the names that it has, with the directories above them, which
  // may have an older name; fsync() of a directory its own name too.
  bool file_names = false;
  // The directories above have the names that they had at the fsync().
  bool parent_names = false;
  // What fsync() makes durable comes with all metadata operations that were before the
  // last change of the same inode.
  bool ordered_metadata = false;
  // A file that was renamed over another shows what was written before the rename, as
  // soon as its new name is seen.
  bool replace_via_rename = false;
  // What fallocate() reserved, behind the end of the file too, is durable by fsync().
  bool reservations = false;
  // Where a write was not acknowledged there is what it wrote or what was there before;
  // without this, whatever the blocks held that the file was given.
  bool no_stale_data = true;
  // Owners, permissions and links are kept (vfat has none).
  bool attributes = true;

  bool operator==(const Promises&) const = default;
};

struct PromiseKind {
  std::string_view name;  // "file-names"
  std::string_view means;
  bool Promises::*member;
};

const std::vector<PromiseKind>& promise_kinds();

// The profile of a file system made and mounted so. An Error (kUsage) for a file system
// that has none, naming those that have.
Result<Promises> profile_of(std::string_view file_system,
                            const std::vector<std::string>& mkfs_options,
                            std::string_view mount_options);

// "+replace-via-rename", "-file-names". An Error (kUsage) for a name that is none.
Status adjust(Promises& promises, const std::vector<std::string>& changes);

}  // namespace powercut
