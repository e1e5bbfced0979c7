// SPDX-License-Identifier: GPL-2.0-only

#include "workload/perform_step.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <utility>

namespace powercut {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr std::uint64_t kMaxOffset = std::numeric_limits<off_t>::max();
constexpr int kOpenAttempts = 100;

int open_flags(const OpenFlags& flags) {
  int bits = flags.read_only || flags.directory ? O_RDONLY : O_RDWR;
  bits |= flags.truncate ? O_TRUNC : 0;
  bits |= flags.append ? O_APPEND : 0;
  bits |= flags.sync ? O_SYNC : 0;
  bits |= flags.dsync ? O_DSYNC : 0;
  bits |= flags.direct ? O_DIRECT : 0;
  bits |= flags.directory ? O_DIRECTORY : 0;
  return bits;
}

mode_t mode_of(const Operation& operation) {
  return operation.mode != 0 ? operation.mode : kFileMode;
}

int open_either(const PerformStep& step, int flags, const std::string& handle,
                const std::string& path, PerformFile& file) {
  if (handle.empty()) {
    return step.root.open_file(path, flags, file.opened);
  }
  file.handle = step.files.find(step.scope, handle);
  return file.handle ? 0 : EBADF;
}

// O_CREAT does not tell whether it made the file. So it is made anew or opened as it is,
// by turns, for others may make and remove it meanwhile.
int open_or_create(const PerformStep& step, int flags, Fd& file, bool& made) {
  const Operation& operation = step.operation;
  int failed = 0;
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    failed = step.root.create_file(operation.path, flags, mode_of(operation), file);
    made = failed == 0;
    if (failed != EEXIST || operation.flags.exclusive) {
      return failed;
    }
    failed = step.root.open_file(operation.path, flags, file);
    if (failed != ENOENT) {
      return failed;
    }
  }
  return failed;
}

int allocate_mode(AllocateMode mode) {
  switch (mode) {
    case AllocateMode::kAllocate:
      return 0;
    case AllocateMode::kKeepSize:
      return FALLOC_FL_KEEP_SIZE;
    case AllocateMode::kPunch:
      return FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    case AllocateMode::kZero:
      return FALLOC_FL_ZERO_RANGE;
    case AllocateMode::kZeroKeep:
      return FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
    case AllocateMode::kCollapse:
      return FALLOC_FL_COLLAPSE_RANGE;
    case AllocateMode::kInsert:
      return FALLOC_FL_INSERT_RANGE;
    case AllocateMode::kUnshare:
      return FALLOC_FL_UNSHARE_RANGE;
  }
  return 0;
}

}  // namespace

int open_step_file(const PerformStep& step, int flags, PerformFile& file) {
  return open_either(step, flags, step.operation.handle, step.operation.path, file);
}

int open_second_file(const PerformStep& step, int flags, PerformFile& file) {
  return open_either(step, flags, step.operation.handle2, step.operation.path2, file);
}

int note_made(PerformStep& step, int fd) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) {
    return errno;
  }
  step.made_inode = status.st_ino;
  return 0;
}

int do_create(PerformStep& step) {
  Fd file;
  const Operation& operation = step.operation;
  const int failed =
      step.root.create_file(operation.path, O_WRONLY, mode_of(operation), file);
  return failed != 0 ? failed : note_made(step, file.get());
}

int do_open(PerformStep& step) {
  const Operation& operation = step.operation;
  const int flags = open_flags(operation.flags);
  OpenHandle handle;
  handle.flags = operation.flags;
  bool made = operation.flags.tmpfile;
  const int failed =
      operation.flags.tmpfile  ? step.root.create_nameless(operation.path, flags,
                                                           mode_of(operation), handle.fd)
      : operation.flags.create ? open_or_create(step, flags, handle.fd, made)
                               : step.root.open_file(operation.path, flags, handle.fd);
  if (failed != 0) {
    return failed;
  }
  const int untold = made ? note_made(step, handle.fd.get()) : 0;
  step.files.add(step.scope, operation.handle, std::move(handle));
  return untold;
}

int do_close(PerformStep& step) {
  return step.files.close(step.scope, step.operation.handle);
}

int do_truncate(PerformStep& step) {
  PerformFile file;
  if (const int failed = open_step_file(step, O_WRONLY, file); failed != 0) {
    return failed;
  }
  if (step.operation.length_bytes > kMaxOffset) {
    return EFBIG;
  }
  const auto size = static_cast<off_t>(step.operation.length_bytes);
  return ::ftruncate(file.fd(), size) == 0 ? 0 : errno;
}

int do_allocate(PerformStep& step) {
  PerformFile file;
  if (const int failed = open_step_file(step, O_RDWR, file); failed != 0) {
    return failed;
  }
  const Operation& operation = step.operation;
  if (operation.offset_bytes > kMaxOffset || operation.length_bytes > kMaxOffset) {
    return EFBIG;
  }
  const int failed = ::fallocate(file.fd(), allocate_mode(operation.allocate),
                                 static_cast<off_t>(operation.offset_bytes),
                                 static_cast<off_t>(operation.length_bytes));
  return failed == 0 ? 0 : errno;
}

int do_clone(PerformStep& step) {
  PerformFile from;
  PerformFile to;
  int failed = open_step_file(step, O_RDONLY, from);
  failed = failed != 0 ? failed : open_second_file(step, O_WRONLY, to);
  if (failed != 0) {
    return failed;
  }
  return ::ioctl(to.fd(), FICLONE, from.fd()) == 0 ? 0 : errno;
}

int do_clone_range(PerformStep& step) {
  PerformFile from;
  PerformFile to;
  int failed = open_step_file(step, O_RDONLY, from);
  failed = failed != 0 ? failed : open_second_file(step, O_WRONLY, to);
  if (failed != 0) {
    return failed;
  }
  file_clone_range range = {};
  range.src_fd = from.fd();
  range.src_offset = step.operation.offset_bytes;
  range.src_length = step.operation.length_bytes;
  range.dest_offset = step.operation.offset2_bytes;
  return ::ioctl(to.fd(), FICLONERANGE, &range) == 0 ? 0 : errno;
}

}  // namespace powercut
