// SPDX-License-Identifier: GPL-2.0-only
//
// An image file (or block device) as a BlockSource; bytes past its end are zeros.

#pragma once

#include "base/block_source.h"
#include "base/fd.h"
#include "base/result.h"

#include <filesystem>
#include <memory>

namespace powercut {

class ImageSource : public BlockSource {
 public:
  // Opens read-only. The file must not change while the source lives.
  static Result<std::shared_ptr<const ImageSource>> open(
      const std::filesystem::path& path);

  std::uint64_t size_bytes() const override { return size_bytes_; }

  // A read error of the file stops the program: every verdict on it would be a lie.
  void read(std::uint64_t offset_bytes, std::span<std::byte> out) const override;

  // XXH3-64 of the whole content, as a log's device table names its base.
  Result<std::uint64_t> digest() const;

 private:
  ImageSource(Fd fd, std::uint64_t size_bytes, std::filesystem::path path)
      : fd_(std::move(fd)), size_bytes_(size_bytes), path_(std::move(path)) {}

  Fd fd_;
  std::uint64_t size_bytes_;
  std::filesystem::path path_;
};

}  // namespace powercut
