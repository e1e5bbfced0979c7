// SPDX-License-Identifier: GPL-2.0-only
//
// Where on the picture's upright axis a byte of a device lies. Most of a device is never
// written, so a scale in proportion would show a file system's log as a hair. What is
// touched gets the room, what is not is a gap of one width, and within a touched range
// the scale is linear.

#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace powercut {

// One touched range, and the part of the axis (0 to 1) that it gets.
struct SpacePiece {
  std::uint64_t begin_bytes = 0;
  std::uint64_t end_bytes = 0;
  double from = 0;
  double to = 1;
};

// Ranges of bytes, begin and end.
using ByteRanges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

class SpaceScale {
 public:
  // In any order, overlapping or not. Without one: a single piece of nothing.
  explicit SpaceScale(ByteRanges touched);

  // Ascending, at most kMaxPieces.
  const std::vector<SpacePiece>& pieces() const { return pieces_; }

  // 0 to 1. A byte in a gap lies where the gap ends.
  double place(std::uint64_t offset_bytes) const;

  static constexpr std::size_t kMaxPieces = 24;

 private:
  std::vector<SpacePiece> pieces_;
};

}  // namespace powercut
