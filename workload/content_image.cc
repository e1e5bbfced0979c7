// SPDX-License-Identifier: GPL-2.0-only

#include "workload/content_image.h"

#include "base/ensure.h"
#include "workload/fill.h"

#include <algorithm>
#include <limits>

namespace powercut {

namespace {

constexpr std::uint64_t kEnd = std::numeric_limits<std::uint64_t>::max();

std::uint64_t end_of(const ContentPiece& piece) {
  return piece.offset_bytes + piece.length_bytes;
}

// The part of a piece within [begin, end); length 0 if there is none.
ContentPiece part_of(const ContentPiece& piece, std::uint64_t begin, std::uint64_t end) {
  ContentPiece part = piece;
  part.offset_bytes = std::max(piece.offset_bytes, begin);
  const std::uint64_t last = std::min(end_of(piece), end);
  part.length_bytes = last > part.offset_bytes ? last - part.offset_bytes : 0;
  part.source_bytes += part.offset_bytes - piece.offset_bytes;
  return part;
}

void add(std::vector<ContentPiece>& pieces, const ContentPiece& piece) {
  if (piece.length_bytes != 0) {
    pieces.push_back(piece);
  }
}

}  // namespace

void ContentImage::clear(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  PC_ENSURE(!before_, "a raw disk is only written");
  take_out(offset_bytes, length_bytes);
}

void ContentImage::take_out(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  const std::uint64_t end =
      length_bytes > kEnd - offset_bytes ? kEnd : offset_bytes + length_bytes;
  std::vector<ContentPiece> kept;
  for (const ContentPiece& piece : pieces_) {
    add(kept, part_of(piece, 0, offset_bytes));
    add(kept, part_of(piece, end, kEnd));
  }
  pieces_ = std::move(kept);
}

void ContentImage::put(const ContentPiece& piece) {
  if (piece.length_bytes == 0) {
    return;
  }
  take_out(piece.offset_bytes, piece.length_bytes);
  const auto at = std::lower_bound(pieces_.begin(), pieces_.end(), piece,
                                   [](const ContentPiece& a, const ContentPiece& b) {
                                     return a.offset_bytes < b.offset_bytes;
                                   });
  pieces_.insert(at, piece);
}

void ContentImage::cut(std::uint64_t size_bytes) {
  clear(size_bytes, kEnd);
}

void ContentImage::collapse(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  clear(offset_bytes, length_bytes);
  for (ContentPiece& piece : pieces_) {
    if (piece.offset_bytes >= offset_bytes) {
      piece.offset_bytes -= length_bytes;
    }
  }
}

void ContentImage::insert(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  std::vector<ContentPiece> moved;
  for (const ContentPiece& piece : pieces_) {
    add(moved, part_of(piece, 0, offset_bytes));
    ContentPiece behind = part_of(piece, offset_bytes, kEnd);
    behind.offset_bytes += length_bytes;
    add(moved, behind);
  }
  std::sort(moved.begin(), moved.end(), [](const ContentPiece& a, const ContentPiece& b) {
    return a.offset_bytes < b.offset_bytes;
  });
  pieces_ = std::move(moved);
}

void ContentImage::clone(const ContentImage& from, std::uint64_t offset_bytes,
                         std::uint64_t length_bytes, std::uint64_t to_bytes) {
  const std::vector<ContentPiece> source = from.pieces_;  // may be this very image
  clear(to_bytes, length_bytes);
  for (const ContentPiece& piece : source) {
    ContentPiece part = part_of(piece, offset_bytes, offset_bytes + length_bytes);
    part.offset_bytes = part.offset_bytes - offset_bytes + to_bytes;
    put(part);
  }
}

void ContentImage::read(std::uint64_t offset_bytes, std::span<std::byte> out) const {
  if (before_) {
    before_->read(offset_bytes, out);
  } else {
    std::fill(out.begin(), out.end(), std::byte{0});
  }
  for (const ContentPiece& piece : pieces_) {
    const ContentPiece part = part_of(piece, offset_bytes, offset_bytes + out.size());
    if (part.length_bytes == 0) {
      continue;
    }
    const std::span<std::byte> place =
        out.subspan(part.offset_bytes - offset_bytes, part.length_bytes);
    if (part.fill == FillKind::kByte) {
      std::fill(place.begin(), place.end(), static_cast<std::byte>(part.fill_byte));
    } else {
      fill_stamped(part.operation, part.source_bytes, place);
    }
  }
}

bool ContentImage::touches(std::uint64_t offset_bytes, std::uint64_t length_bytes) const {
  return std::any_of(pieces_.begin(), pieces_.end(), [&](const ContentPiece& piece) {
    return part_of(piece, offset_bytes, offset_bytes + length_bytes).length_bytes != 0;
  });
}

}  // namespace powercut
