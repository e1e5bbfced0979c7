// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/btrfs.h"
#include "checkers/checker.h"
#include "checkers/command.h"
#include "checkers/ext4.h"
#include "checkers/f2fs.h"
#include "checkers/files.h"
#include "checkers/model.h"
#include "checkers/raw.h"
#include "checkers/stack.h"
#include "checkers/usable.h"
#include "checkers/vfat.h"
#include "checkers/xfs.h"

#include <fmt/format.h>

namespace powercut {

const std::vector<CheckerKind>& checker_kinds() {
  static const std::vector<CheckerKind> kKinds = {
      {"ext4", "ext4", "e2fsck: replay the journal, then check (ext2, ext3, ext4)",
       &make_ext4_checker},
      {"xfs", "xfs", "the kernel's recovery, then xfs_repair -n", &make_xfs_checker},
      {"btrfs", "btrfs", "the kernel's recovery, then btrfs check", &make_btrfs_checker},
      {"f2fs", "f2fs", "the kernel's recovery, then fsck.f2fs if there",
       &make_f2fs_checker},
      {"vfat", "vfat", "fsck.vfat, for FAT12, FAT16 and FAT32", &make_vfat_checker},
      {"usable", "usable:FSTYPE", "a kernel mounts it, uses it and mounts it again",
       &make_usable_checker},
      {"files", "files:PROG ARGS",
       "e2fsck, then any program in a copy of all files (ext4)", &make_files_checker},
      {"stack", "stack:SCRIPT NAME...",
       "a script assembles a stack on the disks, in a guest, and looks at it",
       &make_stack_checker},
      {"model", "model:NAME", "what `powercut model NAME` writes", &make_model_checker},
      {"raw", "raw", "what a workload on the raw disk left; with --scenario only",
       &make_raw_checker},
      {"command", "command:PROG ARGS {}", "any program; {} is the path of the disk",
       &make_command_checker},
  };
  return kKinds;
}

Result<std::unique_ptr<Checker>> make_checker(const std::string& text,
                                              const CheckerOptions& options) {
  std::size_t colon = text.find(':');
  std::string name = text.substr(0, colon);
  std::string argument = colon == std::string::npos ? "" : text.substr(colon + 1);
  std::string known;
  for (const CheckerKind& kind : checker_kinds()) {
    if (kind.name == name) {
      return kind.make(argument, options);
    }
    known += (known.empty() ? "'" : ", '") + kind.synopsis + "'";
  }
  return fail(ErrorKind::kUsage, fmt::format("unknown checker '{}'", text),
              "checkers are " + known);
}

}  // namespace powercut
