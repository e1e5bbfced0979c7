// SPDX-License-Identifier: GPL-2.0-only
//
// Writes a cpio archive of the form "newc" (070701), which the kernel unpacks as its
// initramfs. Files only of what the caller names: no globs, no ownership but root's, no
// hard links, no compression.
//
// The form is that of the kernel's Documentation/driver-api/early-userspace/
// buffer-format.rst: per entry a header of 110 ASCII bytes, the name with its NUL, zeros
// to a multiple of 4, the data, zeros to a multiple of 4; "TRAILER!!!" ends it.

#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace powercut {

// Paths are absolute in the guest. Directories above an entry are made as needed; an
// entry under a path that is there already is left out. Not thread-safe.
class CpioWriter {
 public:
  // Makes or empties the file `archive`.
  static Result<CpioWriter> create(const std::filesystem::path& archive);

  // The permissions are of the form 0755.
  Status add_directory(const std::filesystem::path& path, std::uint32_t permissions);
  Status add_file(const std::filesystem::path& path, std::uint32_t permissions,
                  std::string_view content);
  // The first `size_bytes` bytes of a host file.
  Status add_host_file(const std::filesystem::path& path, std::uint32_t permissions,
                       const std::filesystem::path& host_file, std::uint64_t size_bytes);
  Status add_symlink(const std::filesystem::path& path, const std::string& target);
  Status add_character_device(const std::filesystem::path& path,
                              std::uint32_t permissions, std::uint32_t major_number,
                              std::uint32_t minor_number);

  bool contains(const std::filesystem::path& path) const;

  // Writes the end. Nothing may be added afterwards.
  Status finish();

  std::uint64_t size_bytes() const { return offset_bytes_; }

 private:
  struct Entry;

  CpioWriter(Fd file, std::filesystem::path archive);

  Status begin(const std::filesystem::path& path, const Entry& entry);
  Status header(const std::string& name, const Entry& entry);
  Status write(std::string_view bytes);
  Status pad();
  Status copy(const Fd& from, std::uint64_t size_bytes,
              const std::filesystem::path& host_file);

  Fd file_;
  std::filesystem::path archive_;
  std::uint64_t offset_bytes_ = 0;
  std::uint32_t next_inode_ = 1;
  std::set<std::string> names_;  // without the leading slash
};

}  // namespace powercut
