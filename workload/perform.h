// SPDX-License-Identifier: GPL-2.0-only
//
// Does the operations of a workload in a directory: the root of a mounted file system
// that is recorded. Marks go to the recorder synchronously, so what an operation promised
// is durable in the recording before its mark.
//
// Marks, in this order of the log:
//   begin                    before the first operation
//   ack N [I:INO ...]        operation N (from 0) has returned, and it is an
//                            acknowledgement (is_acknowledgement()). I:INO: operation I
//                            made the inode INO (st_ino), for all since the last mark
//   made I:INO ...           more of them than a mark of the next kind has room for
//   mark TEXT                of the user's: the text alone
//   operations-done [I:INO ...]   after the last operation
//   failed N ERRNO [I:INO ...]    operation N failed; nothing of its thread follows

#pragma once

#include "base/result.h"
#include "workload/operation.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace powercut {

struct PerformOptions {
  std::filesystem::path root;  // of the mounted file system
  // Instead: the block device that the workload is about (raw_disk.h).
  std::filesystem::path disk;
  // Returns when the mark is in the log. From any thread, one call at a time.
  std::function<Status(std::string_view text)> mark;
  // Writes data to the disk where the file's bytes lie, past the file system; for
  // `overwrite`, which fails with EOPNOTSUPP without.
  std::function<Status(int fd, const std::string& path, std::uint64_t offset_bytes,
                       std::span<const std::byte> data)>
      overwrite;
  // `sync` writes back every file system of the machine, as sync(2) does. Else it is
  // syncfs(2) of the one at `root`, for the recording sees nothing else: on a machine
  // that others share.
  bool whole_machine = false;
};

struct PerformFailure {
  std::size_t operation = 0;
  int error_number = 0;
};

struct PerformResult {
  std::size_t done = 0;  // operations that returned without an error
  bool failed = false;
  PerformFailure failure;  // the first, if failed
};

// No operation follows a symbolic link or leaves `root`. Handles still open at the end
// are closed after the mark operations-done, mappings unmapped. An Error: the recorder
// refused a mark, `root` is no directory, a workload that reads cannot succeed, or the
// place of what is to be overwritten is not known. An operation that fails is data; a
// read of what the file should not hold fails with EBADMSG.
Result<PerformResult> perform(const Workload& workload, const PerformOptions& options);

}  // namespace powercut
