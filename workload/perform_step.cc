// SPDX-License-Identifier: GPL-2.0-only

#include "workload/perform_step.h"

#include "base/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <thread>

namespace powercut {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kNap{50};

int do_syncfs(PerformStep& step) {
  return ::syncfs(step.root.fd()) == 0 ? 0 : errno;
}

int do_sync(PerformStep& step) {
  if (!step.options.whole_machine) {
    return do_syncfs(step);
  }
  ::sync();
  return 0;
}

int do_drop_caches(PerformStep& /*step*/) {
  const Fd file(::open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC));
  if (!file.valid()) {
    return errno;
  }
  constexpr std::string_view kAll = "3\n";  // pages, dentries and inodes
  return ::write(file.get(), kAll.data(), kAll.size()) < 0 ? errno : 0;
}

int do_sleep(PerformStep& step) {
  // In naps, for Ctrl-C ends a workload.
  const steady_clock::time_point start = steady_clock::now();
  const std::uint64_t wanted = step.operation.length_bytes;
  while (!interrupted()) {
    const std::uint64_t slept = static_cast<std::uint64_t>(
        std::chrono::floor<milliseconds>(steady_clock::now() - start).count());
    if (slept >= wanted) {
      return 0;
    }
    std::this_thread::sleep_for(
        std::min(kNap, milliseconds(std::min<std::uint64_t>(wanted - slept, 1000))));
  }
  return EINTR;
}

int do_nothing(PerformStep& /*step*/) {
  return 0;
}

struct Entry {
  OpKind kind;
  int (*run)(PerformStep& step);
};

constexpr std::array kEntries = {
    Entry{OpKind::kCreate, &do_create},
    Entry{OpKind::kOpen, &do_open},
    Entry{OpKind::kClose, &do_close},
    Entry{OpKind::kWrite, &do_write},
    Entry{OpKind::kAppend, &do_append},
    Entry{OpKind::kMmapWrite, &do_mmap_write},
    Entry{OpKind::kMsync, &do_msync},
    Entry{OpKind::kRead, &do_read},
    Entry{OpKind::kOverwrite, &do_overwrite},
    Entry{OpKind::kSubmit, &do_submit},
    Entry{OpKind::kWait, &do_wait},
    Entry{OpKind::kTruncate, &do_truncate},
    Entry{OpKind::kAllocate, &do_allocate},
    Entry{OpKind::kClone, &do_clone},
    Entry{OpKind::kCloneRange, &do_clone_range},
    Entry{OpKind::kMkdir, &do_mkdir},
    Entry{OpKind::kRmdir, &do_rmdir},
    Entry{OpKind::kLink, &do_link},
    Entry{OpKind::kSymlink, &do_symlink},
    Entry{OpKind::kRename, &do_rename},
    Entry{OpKind::kUnlink, &do_unlink},
    Entry{OpKind::kMknod, &do_mknod},
    Entry{OpKind::kChmod, &do_chmod},
    Entry{OpKind::kChown, &do_chown},
    Entry{OpKind::kSetXattr, &do_set_xattr},
    Entry{OpKind::kRemoveXattr, &do_remove_xattr},
    Entry{OpKind::kFsync, &do_fsync},
    Entry{OpKind::kFdatasync, &do_fdatasync},
    Entry{OpKind::kSync, &do_sync},
    Entry{OpKind::kSyncfs, &do_syncfs},
    Entry{OpKind::kAcknowledge, &do_nothing},
    Entry{OpKind::kClaim, &do_nothing},
    Entry{OpKind::kDropCaches, &do_drop_caches},
    Entry{OpKind::kSleep, &do_sleep},
    Entry{OpKind::kMark, &do_nothing},
};

constexpr bool entries_are_in_order() {
  for (std::size_t i = 0; i < kEntries.size(); ++i) {
    if (static_cast<std::size_t>(kEntries[i].kind) != i) {
      return false;
    }
  }
  return kEntries.size() == static_cast<std::size_t>(OpKind::kMark) + 1;
}

static_assert(entries_are_in_order());

}  // namespace

int do_step(PerformStep& step) {
  return kEntries.at(static_cast<std::size_t>(step.operation.kind)).run(step);
}

}  // namespace powercut
