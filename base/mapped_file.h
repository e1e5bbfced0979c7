// SPDX-License-Identifier: GPL-2.0-only
//
// A regular file or block device mapped for reading. It must not shrink while mapped:
// a read past its new end would be a SIGBUS.

#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace powercut {

// Move-only; unmaps on destruction. Reading from several threads is safe. Dropping pages
// only forgets what can be read again, so it is safe beside readers too.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile() = default;

  ~MappedFile() { reset(); }

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Lives as long as the mapping.
  std::span<const std::byte> bytes() const { return {data_, size_bytes_}; }

  std::uint64_t size_bytes() const { return size_bytes_; }

  // Takes pages out of this process's resident memory; they stay in the page cache.
  void drop_pages() const { drop_pages(0, size_bytes_); }

  void drop_pages(std::uint64_t from_bytes, std::uint64_t to_bytes) const;

  // Asks the kernel to read ahead of a front-to-back pass.
  void advise_sequential() const;

 private:
  void reset();

  const std::byte* data_ = nullptr;
  std::size_t size_bytes_ = 0;
};

// Bounds the resident memory of one front-to-back pass: drops pages 64 MiB at a time
// behind it. `file` must outlive it.
class PassedPages {
 public:
  explicit PassedPages(const MappedFile& file, std::uint64_t from_bytes = 0)
      : file_(file), dropped_bytes_(from_bytes) {}

  void passed(std::uint64_t position_bytes) {
    if (position_bytes - dropped_bytes_ >= kStepBytes) {
      file_.drop_pages(dropped_bytes_, position_bytes);
      dropped_bytes_ = position_bytes;
    }
  }

 private:
  static constexpr std::uint64_t kStepBytes = 64ULL << 20;

  const MappedFile& file_;
  std::uint64_t dropped_bytes_;
};

}  // namespace powercut
