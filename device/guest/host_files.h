// SPDX-License-Identifier: GPL-2.0-only
//
// Copies host files into an archive so that their paths mean the same there: each
// symbolic link on the way is copied as a link, and what it leads to at its own path.

#pragma once

#include "base/result.h"
#include "device/guest/cpio_writer.h"

#include <filesystem>

namespace powercut {

// Borrows the writer.
class HostFiles {
 public:
  // `own_program` is stored once, at `own_place` and without debug information; its host
  // paths become links to that.
  HostFiles(CpioWriter& writer, std::filesystem::path own_program,
            std::filesystem::path own_place);

  // A file, or a directory with all in it, at the path that it has here.
  Status add(const std::filesystem::path& path);

  // The same at another path. The links of a path are not followed there, only the last.
  Status add_as(const std::filesystem::path& host, const std::filesystem::path& guest);

  // The program and all it needs; see files_of_program().
  Status add_program(const std::filesystem::path& program);

 private:
  Status add_own_program();
  Status add_directory(const std::filesystem::path& host,
                       const std::filesystem::path& guest);

  CpioWriter& writer_;
  std::filesystem::path own_program_;
  std::filesystem::path own_place_;
};

}  // namespace powercut
