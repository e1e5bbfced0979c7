// SPDX-License-Identifier: GPL-2.0-only

#include "workload/fill.h"
#include "workload/perform_step.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace powercut {
namespace {

constexpr std::uint64_t kMaxOffset = std::numeric_limits<off_t>::max();
// What one write(2) gets at most; a longer write is several.
constexpr std::uint64_t kPieceBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kReadBytes = std::uint64_t{1} << 20;  // at once

// The content of a piece of an operation's data, in memory that O_DIRECT takes.
class Content {
 public:
  explicit Content(std::uint64_t length_bytes)
      : bytes_(std::min(length_bytes, kPieceBytes)), memory_(make_aligned(bytes_)) {}

  bool valid() const { return memory_ != nullptr; }

  std::span<const std::byte> fill(const PerformStep& step, std::uint64_t offset_bytes,
                                  std::uint64_t length_bytes) {
    const std::span<std::byte> out(memory_.get(), std::min(length_bytes, bytes_));
    if (step.operation.fill == FillKind::kByte) {
      std::memset(out.data(), step.operation.fill_byte, out.size());
    } else {
      fill_stamped(step.number, offset_bytes, out);
    }
    return out;
  }

 private:
  std::uint64_t bytes_;
  AlignedBytes memory_;
};

// Writes the operation's length from `offset_bytes` on; at the end of the file if
// `appends`, which the descriptor knows itself.
int write_all(const PerformStep& step, int fd, std::uint64_t offset_bytes, bool appends) {
  const std::uint64_t length = step.operation.length_bytes;
  if (offset_bytes > kMaxOffset || length > kMaxOffset - offset_bytes) {
    return EFBIG;
  }
  Content content(length);
  if (!content.valid()) {
    return ENOMEM;
  }
  for (std::uint64_t done = 0; done < length;) {
    std::span<const std::byte> piece =
        content.fill(step, offset_bytes + done, length - done);
    while (!piece.empty()) {
      const ssize_t put = appends ? ::write(fd, piece.data(), piece.size())
                                  : ::pwrite(fd, piece.data(), piece.size(),
                                             static_cast<off_t>(offset_bytes + done));
      if (put < 0 && errno == EINTR) {
        continue;
      }
      if (put <= 0) {
        return put < 0 ? errno : ENOSPC;
      }
      done += static_cast<std::uint64_t>(put);
      piece = piece.subspan(static_cast<std::size_t>(put));
    }
  }
  return 0;
}

// Where it lands is where the file ends now. If threads append to one file at once, the
// content may say another offset than it has.
int write_at_end(const PerformStep& step, const PerformFile& file) {
  struct stat status = {};
  if (::fstat(file.fd(), &status) != 0) {
    return errno;
  }
  const bool appends = !file.handle || file.handle->flags.append;
  return write_all(step, file.fd(), static_cast<std::uint64_t>(status.st_size), appends);
}

// Stores `data` there. By a read(2) of the kernel from a file in memory: a page that
// cannot be had (a full disk) is then EFAULT and not the end of the process.
int store(const Fd& source, std::span<const std::byte> data, std::byte* there) {
  if (::pwrite(source.get(), data.data(), data.size(), 0) !=
      static_cast<ssize_t>(data.size())) {
    return ENOMEM;
  }
  for (std::size_t done = 0; done < data.size();) {
    const ssize_t got =
        ::pread(source.get(), there + done, data.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return got < 0 ? errno : EFAULT;
    }
    done += static_cast<std::size_t>(got);
  }
  return 0;
}

// Reads all of `out`; a file that ends before is EBADMSG.
int read_all(int fd, std::uint64_t offset_bytes, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got =
        ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset_bytes));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return got < 0 ? errno : EBADMSG;
    }
    offset_bytes += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return 0;
}

int sync_file(const PerformStep& step, int (*sync)(int)) {
  PerformFile file;
  if (const int failed = open_step_file(step, O_RDONLY, file); failed != 0) {
    return failed;
  }
  return sync(file.fd()) == 0 ? 0 : errno;
}

}  // namespace

// A write to a handle of O_APPEND lands at the end whatever its offset, as Linux has it.
int do_write(PerformStep& step) {
  PerformFile file;
  if (const int failed = open_step_file(step, O_WRONLY, file); failed != 0) {
    return failed;
  }
  return file.handle && file.handle->flags.append
             ? write_at_end(step, file)
             : write_all(step, file.fd(), step.operation.offset_bytes, false);
}

int do_append(PerformStep& step) {
  PerformFile file;
  const int failed = open_step_file(step, O_WRONLY | O_APPEND, file);
  return failed != 0 ? failed : write_at_end(step, file);
}

int do_mmap_write(PerformStep& step) {
  PerformFile file;
  if (const int failed = open_step_file(step, O_RDWR, file); failed != 0) {
    return failed;
  }
  const Operation& operation = step.operation;
  struct stat status = {};
  if (::fstat(file.fd(), &status) != 0) {
    return errno;
  }
  // Beyond the end a store is a SIGBUS, or is forgotten in the last page.
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (operation.offset_bytes > size ||
      operation.length_bytes > size - operation.offset_bytes) {
    return EFAULT;
  }
  if (operation.length_bytes == 0) {
    return 0;
  }
  std::shared_ptr<FileMapping> mapping;
  const std::uint64_t end = operation.offset_bytes + operation.length_bytes;
  if (const int failed = step.files.map(file.fd(), file.handle.get(), end, mapping);
      failed != 0) {
    return failed;
  }
  Content content(operation.length_bytes);
  const Fd source(::memfd_create("powercut-store", MFD_CLOEXEC));
  if (!source.valid() || !content.valid()) {
    return ENOMEM;
  }
  for (std::uint64_t at = operation.offset_bytes; at < end;) {
    const std::span<const std::byte> piece = content.fill(step, at, end - at);
    if (const int failed = store(source, piece, mapping->memory() + at); failed != 0) {
      return failed;
    }
    at += piece.size();
  }
  return 0;
}

int do_msync(PerformStep& step) {
  PerformFile file;
  if (const int failed = open_step_file(step, O_RDONLY, file); failed != 0) {
    return failed;
  }
  struct stat status = {};
  if (::fstat(file.fd(), &status) != 0) {
    return errno;
  }
  const Operation& operation = step.operation;
  if (operation.offset_bytes > kMaxOffset ||
      operation.length_bytes > kMaxOffset - operation.offset_bytes) {
    return ENOMEM;
  }
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t first = operation.offset_bytes / page * page;
  const std::uint64_t end = operation.offset_bytes + operation.length_bytes;
  const std::shared_ptr<FileMapping> mapping =
      step.files.find_mapping(status.st_ino, end);
  if (!mapping) {
    return ENOMEM;  // what msync(2) says of memory that is not mapped
  }
  // The kernel rounds the length up.
  return ::msync(mapping->memory() + first, end - first, MS_SYNC) == 0 ? 0 : errno;
}

// What the file holds at that operation is known, for nothing that may run at the same
// time changes it: FileModel::build() looks.
int do_read(PerformStep& step) {
  PerformFile file;
  if (const int failed = open_step_file(step, O_RDONLY, file); failed != 0) {
    return failed;
  }
  const ContentImage& wanted = step.model->expected(step.number);
  const Operation& operation = step.operation;
  const std::uint64_t most = std::min(operation.length_bytes, kReadBytes);
  const AlignedBytes memory = make_aligned(most);
  std::vector<std::byte> right(most);
  if (!memory) {
    return ENOMEM;
  }
  for (std::uint64_t done = 0; done < operation.length_bytes;) {
    const std::uint64_t length = std::min(most, operation.length_bytes - done);
    const std::span<std::byte> got(memory.get(), length);
    const std::uint64_t at = operation.offset_bytes + done;
    if (const int failed = read_all(file.fd(), at, got); failed != 0) {
      return failed;
    }
    wanted.read(at, std::span(right).first(length));
    if (!std::equal(got.begin(), got.end(), right.begin())) {
      return EBADMSG;
    }
    done += length;
  }
  return 0;
}

int do_overwrite(PerformStep& step) {
  if (!step.options.overwrite) {
    return EOPNOTSUPP;
  }
  PerformFile file;
  if (const int failed = open_step_file(step, O_RDONLY, file); failed != 0) {
    return failed;
  }
  Content content(step.operation.length_bytes);
  if (!content.valid()) {
    return ENOMEM;
  }
  const std::uint64_t offset = step.operation.offset_bytes;
  const Status written =
      step.options.overwrite(file.fd(), step.operation.path, offset,
                             content.fill(step, offset, step.operation.length_bytes));
  if (!written) {
    step.trouble = written.error();
  }
  return 0;
}

int do_fsync(PerformStep& step) {
  return sync_file(step, &::fsync);
}

int do_fdatasync(PerformStep& step) {
  return sync_file(step, &::fdatasync);
}

}  // namespace powercut
