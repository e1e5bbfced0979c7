// SPDX-License-Identifier: GPL-2.0-only
//
// A disk of a Subject as libext2fs opens one: read-only, in process, without a file in
// between. It caches nothing, so every block that libext2fs asks for is a read of the
// disk and in its footprint.

#pragma once

#include "base/result.h"
#include "checkers/checker.h"

#include <ext2fs/ext2fs.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace powercut {

// An open ext2, ext3 or ext4. Borrows the subject; belongs to the thread that opened it.
class Ext2Disk {
 public:
  // An Error of kind kBadInput: what is there does not open as one.
  static Result<std::unique_ptr<Ext2Disk>> open(const Subject& subject, std::size_t disk);
  ~Ext2Disk();
  Ext2Disk(const Ext2Disk&) = delete;
  Ext2Disk& operator=(const Ext2Disk&) = delete;

  ext2_filsys fs() const { return fs_; }

  // What an errcode_t other than 0 means: the Error of the disk that caused it, or one of
  // kind kBadInput, "OBJECT: WHAT LIBEXT2FS SAYS".
  Error error(errcode_t code, const std::string& object) const;

 private:
  Ext2Disk(const Subject& subject, std::size_t disk) : subject_(subject), disk_(disk) {}

  friend struct Ext2Io;

  const Subject& subject_;
  std::size_t disk_;
  ext2_filsys fs_ = nullptr;
  std::optional<Error> read_error_;  // the first
};

}  // namespace powercut
