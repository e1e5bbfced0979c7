// SPDX-License-Identifier: GPL-2.0-only
//
// What a file holds at one time, as pieces of what operations wrote; what no piece covers
// is zeros, as is all behind the end of the file. Of a raw disk it is what the disk held
// before.

#pragma once

#include "base/block_source.h"
#include "workload/operation.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace powercut {

struct ContentPiece {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::uint64_t operation = 0;     // that wrote it
  std::uint64_t source_bytes = 0;  // offset of its first byte where it was written
  FillKind fill = FillKind::kStamped;
  std::uint8_t fill_byte = 0;

  bool operator==(const ContentPiece&) const = default;
};

// A value; pieces by offset, apart from each other.
class ContentImage {
 public:
  ContentImage() = default;

  // Of a raw disk; only put() changes it.
  explicit ContentImage(std::shared_ptr<const BlockSource> before)
      : before_(std::move(before)) {}

  const std::vector<ContentPiece>& pieces() const { return pieces_; }

  // `piece` takes the place of what was there.
  void put(const ContentPiece& piece);
  // Zeros.
  void clear(std::uint64_t offset_bytes, std::uint64_t length_bytes);
  // Zeros from there on.
  void cut(std::uint64_t size_bytes);
  // Takes a range out, or puts zeros in, and moves what is behind it.
  void collapse(std::uint64_t offset_bytes, std::uint64_t length_bytes);
  void insert(std::uint64_t offset_bytes, std::uint64_t length_bytes);
  // What `from` holds in a range goes to `to_bytes` of this.
  void clone(const ContentImage& from, std::uint64_t offset_bytes,
             std::uint64_t length_bytes, std::uint64_t to_bytes);

  // The bytes from there on.
  void read(std::uint64_t offset_bytes, std::span<std::byte> out) const;
  // Whether any piece touches the range.
  bool touches(std::uint64_t offset_bytes, std::uint64_t length_bytes) const;

 private:
  void take_out(std::uint64_t offset_bytes, std::uint64_t length_bytes);

  std::vector<ContentPiece> pieces_;
  std::shared_ptr<const BlockSource> before_;  // null: zeros
};

}  // namespace powercut
