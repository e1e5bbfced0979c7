// SPDX-License-Identifier: GPL-2.0-only

#include "replay/materialize.h"

#include <algorithm>

namespace powercut {

std::vector<Extent> touched_extents(const Recording& recording, Cut cut,
                                    std::uint16_t device) {
  std::vector<Extent> extents;
  if (const BlockSource* base = recording.base(device)) {
    extents.emplace_back(0, std::min(base->size_bytes(), recording.size_bytes(device)));
  }
  for (const Write& write : recording.timeline().writes()) {
    if (write.submit >= cut) {
      break;
    }
    if (write.device == device && write.op == Op::kWrite) {
      extents.emplace_back(write.offset_bytes, write.end_bytes());
    }
  }
  std::sort(extents.begin(), extents.end());
  std::vector<Extent> merged;
  for (const Extent& extent : extents) {
    if (!merged.empty() && extent.first <= merged.back().second) {
      merged.back().second = std::max(merged.back().second, extent.second);
    } else {
      merged.push_back(extent);
    }
  }
  return merged;
}

Status copy_nonzero(
    const BlockSource& view, std::span<const Extent> extents,
    const std::function<Status(std::uint64_t, std::span<const std::byte>)>& sink) {
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
  constexpr std::uint64_t kBlock = 4096;
  std::vector<std::byte> buffer(kPiece);
  auto zero = [](std::byte byte) { return byte == std::byte{0}; };
  for (const Extent& extent : extents) {
    for (std::uint64_t at = extent.first; at < extent.second; at += kPiece) {
      std::span<std::byte> piece(buffer.data(), std::min(kPiece, extent.second - at));
      view.read(at, piece);
      std::size_t run_begin = 0;
      for (std::size_t block = 0; block < piece.size(); block += kBlock) {
        std::size_t length = std::min<std::size_t>(kBlock, piece.size() - block);
        std::span<const std::byte> bytes = piece.subspan(block, length);
        if (!std::all_of(bytes.begin(), bytes.end(), zero)) {
          continue;
        }
        if (block > run_begin) {
          PC_RETURN_IF_ERROR(
              sink(at + run_begin, piece.subspan(run_begin, block - run_begin)));
        }
        run_begin = block + length;
      }
      if (piece.size() > run_begin) {
        PC_RETURN_IF_ERROR(sink(at + run_begin, piece.subspan(run_begin)));
      }
    }
  }
  return {};
}

}  // namespace powercut
