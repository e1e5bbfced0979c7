// SPDX-License-Identifier: GPL-2.0-only
//
// An overlay that is the whole disk, in a sparse file: for recordings, which may write
// more than memory holds, and whose last state is worth keeping as an image.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "device/overlay.h"

#include <filesystem>
#include <memory>

namespace powercut {

// The base of the disk is never looked at: the file is the disk. reset() makes it all
// zeros.
class FileOverlay final : public Overlay {
 public:
  // A new file of zeros; an old one of that name is replaced.
  static Result<std::unique_ptr<FileOverlay>> create(const std::filesystem::path& path,
                                                     std::uint64_t size_bytes);
  // A new file with the bytes of `base`; its zeros take no room.
  static Result<std::unique_ptr<FileOverlay>> create_from(
      const std::filesystem::path& path, const BlockSource& base);
  // An image that exists already, written in place.
  static Result<std::unique_ptr<FileOverlay>> open(const std::filesystem::path& path);

  std::uint64_t size_bytes() const { return size_bytes_; }

  int read(std::uint64_t offset_bytes, std::span<std::byte> out,
           const BlockSource* base) const override;
  int write(std::uint64_t offset_bytes, std::span<const std::byte> data) override;
  int zero(std::uint64_t offset_bytes, std::uint64_t length_bytes) override;
  bool covers(std::uint64_t offset_bytes, std::uint64_t length_bytes) const override;
  int reset() override;

 private:
  FileOverlay(Fd fd, std::uint64_t size_bytes)
      : fd_(std::move(fd)), size_bytes_(size_bytes) {}

  Fd fd_;
  std::uint64_t size_bytes_;
};

}  // namespace powercut
