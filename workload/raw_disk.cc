// SPDX-License-Identifier: GPL-2.0-only

#include "workload/raw_disk.h"

#include "workload/words.h"
#include "workload/workload_text.h"

#include <fmt/format.h>

namespace powercut {

namespace {

bool can_be_done(OpKind kind) {
  switch (kind) {
    case OpKind::kOpen:
    case OpKind::kClose:
    case OpKind::kWrite:
    case OpKind::kSubmit:
    case OpKind::kWait:
    case OpKind::kFsync:
    case OpKind::kFdatasync:
    case OpKind::kAcknowledge:
    case OpKind::kDropCaches:
    case OpKind::kSleep:
    case OpKind::kMark:
      return true;
    default:
      return false;
  }
}

bool has_flags_of_files(const OpenFlags& flags) {
  return flags.create || flags.exclusive || flags.truncate || flags.append ||
         flags.directory || flags.tmpfile;
}

}  // namespace

Status check_raw_workload(const Workload& workload, const std::string& name) {
  for (const Operation& operation : workload.operations) {
    const TextPlace place{name, operation.line};
    const std::string text = to_text(operation);
    if (!can_be_done(operation.kind)) {
      return fail_at(place, fmt::format("'{}' on a raw disk", text),
                     "it takes open, close, write, submit, wait, fsync, fdatasync, "
                     "acknowledge, drop-caches, sleep and mark");
    }
    if (!operation.path.empty() && operation.path != kRawDiskName) {
      return fail_at(
          place, fmt::format("'{}': a raw disk has no {}", text, shown(operation.path)),
          fmt::format("the disk itself is the file {}", kRawDiskName));
    }
    if (has_flags_of_files(operation.flags)) {
      return fail_at(place, fmt::format("'{}': the raw disk is there as it is", text),
                     "it is opened with direct, sync, dsync or rdonly");
    }
  }
  return {};
}

}  // namespace powercut
