// SPDX-License-Identifier: GPL-2.0-only
//
// A file that comes to be whole or not at all: written under another name beside its
// place, and moved there when it is finished.

#pragma once

#include "base/result.h"

#include <filesystem>

namespace powercut {

// Move-only is not needed: it lives in one scope. What was not finished is removed.
class NewFile {
 public:
  // kInPlace: the caller writes a block device itself, without a NewFile.
  enum class Devices { kRefused, kInPlace };

  // Fails if `path` is a directory, lies in none, is something else that a new file would
  // replace (a device, a FIFO), or is the file `source` from which the new one is made
  // (empty: from none).
  static Status check(const std::filesystem::path& path,
                      const std::filesystem::path& source,
                      Devices devices = Devices::kRefused);

  // Behind a symbolic link it is the file that the link leads to.
  explicit NewFile(const std::filesystem::path& path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // Where to write.
  const std::filesystem::path& partial() const { return partial_; }

  // Moves it to its place.
  Status finish();

 private:
  std::filesystem::path path_;
  std::filesystem::path partial_;
};

}  // namespace powercut
