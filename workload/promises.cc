// SPDX-License-Identifier: GPL-2.0-only

#include "workload/promises.h"

#include "workload/workload_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

namespace {

bool has_word(std::string_view list, std::string_view word) {
  std::size_t at = 0;
  while (at <= list.size()) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    if (list.substr(at, comma - at) == word) {
      return true;
    }
    at = comma + 1;
  }
  return false;
}

// A feature as `mkfs -O a,^b` takes it, in one word or two.
bool has_feature(const std::vector<std::string>& options, std::string_view feature) {
  return std::any_of(options.begin(), options.end(), [&](std::string_view option) {
    return has_word(option.starts_with("-O") ? option.substr(2) : option, feature);
  });
}

Promises ext4_promises(const std::vector<std::string>& mkfs_options,
                       std::string_view mount_options) {
  Promises promises;
  if (has_feature(mkfs_options, "^has_journal")) {
    promises.no_stale_data = false;
    return promises;
  }
  promises.file_names = true;
  promises.parent_names = true;
  promises.ordered_metadata = !has_feature(mkfs_options, "fast_commit");
  // The rename starts the writing of the new file. The commit waits for it only where
  // data is ordered, and with dioread_nolock (the default since 5.6) it waits for
  // unwritten blocks: the file then has its size, and zeros.
  promises.replace_via_rename = has_word(mount_options, "dioread_lock") &&
                                !has_word(mount_options, "noauto_da_alloc") &&
                                !has_word(mount_options, "data=writeback");
  promises.reservations = true;
  promises.no_stale_data = !has_word(mount_options, "data=writeback");
  return promises;
}

}  // namespace

const std::vector<PromiseKind>& promise_kinds() {
  static const std::vector<PromiseKind> kKinds = {
      {"file-names", "fsync of a file keeps its names and the directories above them",
       &Promises::file_names},
      {"parent-names", "those directories have their names of that time",
       &Promises::parent_names},
      {"ordered-metadata",
       "fsync keeps every metadata operation before the last change of what is synced",
       &Promises::ordered_metadata},
      {"replace-via-rename",
       "a file renamed over another has its data when it has the name",
       &Promises::replace_via_rename},
      {"reservations", "fsync keeps what fallocate reserved", &Promises::reservations},
      {"no-stale-data", "a file shows nothing that was not written to it",
       &Promises::no_stale_data},
      {"attributes", "there are owners, permissions and links", &Promises::attributes}};
  return kKinds;
}

Result<Promises> profile_of(std::string_view file_system,
                            const std::vector<std::string>& mkfs_options,
                            std::string_view mount_options) {
  Promises promises;
  if (file_system == "ext4" || file_system == "ext3") {
    return ext4_promises(mkfs_options, mount_options);
  }
  if (file_system == "xfs") {
    promises.file_names = true;
    promises.parent_names = true;
    promises.ordered_metadata = true;
    promises.reservations = true;
  } else if (file_system == "btrfs" || file_system == "f2fs") {
    promises.file_names = true;
    // With fsync_mode=strict a file below a renamed directory makes f2fs write a
    // checkpoint (TRANS_DIR_INO in need_do_checkpoint()); btrfs logs the file and its new
    // parents, not the renames of old ones.
    promises.parent_names =
        file_system == "f2fs" && has_word(mount_options, "fsync_mode=strict");
    promises.reservations = true;
    // fsync of f2fs writes data, then the node that points to it, and then flushes once:
    // the node may be durable without the data (f2fs_do_sync_file(),
    // __write_node_page()).
    promises.no_stale_data = file_system == "btrfs";
  } else if (file_system == "vfat" || file_system == "none") {
    promises.attributes = false;
    promises.no_stale_data = file_system == "none";
  } else if (file_system == "ext2") {
    promises.no_stale_data = false;
  } else {
    return fail(ErrorKind::kUsage,
                fmt::format("what {} promises is not written down", file_system),
                "there are profiles of ext2, ext3, ext4, xfs, btrfs, f2fs and vfat");
  }
  return promises;
}

Status adjust(Promises& promises, const std::vector<std::string>& changes) {
  for (const std::string& change : changes) {
    const std::string_view name = std::string_view(change).substr(change.empty() ? 0 : 1);
    const auto kind =
        std::find_if(promise_kinds().begin(), promise_kinds().end(),
                     [&](const PromiseKind& known) { return known.name == name; });
    if (kind == promise_kinds().end() || (change[0] != '+' && change[0] != '-')) {
      std::vector<std::string> names;
      for (const PromiseKind& known : promise_kinds()) {
        names.emplace_back(known.name);
      }
      return fail(ErrorKind::kUsage, fmt::format("'{}' is no promise", change),
                  fmt::format("+NAME or -NAME, with one of {}", fmt::join(names, ", ")));
    }
    promises.*(kind->member) = change[0] == '+';
  }
  return {};
}

}  // namespace powercut
