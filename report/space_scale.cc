// SPDX-License-Identifier: GPL-2.0-only

#include "report/space_scale.h"

#include <algorithm>
#include <cmath>

namespace powercut {

namespace {

// Sorted; those with no gap worth a fold between them are joined.
ByteRanges joined(ByteRanges ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t end_bytes = 0;
  for (const auto& [begin, end] : ranges) {
    end_bytes = std::max(end_bytes, end);
  }
  constexpr std::uint64_t kParts = 200;
  const std::uint64_t narrow = end_bytes / kParts;
  ByteRanges result;
  for (const auto& [begin, end] : ranges) {
    if (!result.empty() &&
        (begin <= result.back().second || begin - result.back().second < narrow)) {
      result.back().second = std::max(result.back().second, end);
    } else {
      result.emplace_back(begin, end);
    }
  }
  return result;
}

// Closes the narrowest gaps until at most `most` ranges are left.
ByteRanges coarser(const ByteRanges& ranges, std::size_t most) {
  if (ranges.size() <= most) {
    return ranges;
  }
  std::vector<std::uint64_t> gaps;
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    gaps.push_back(ranges[i].first - ranges[i - 1].second);
  }
  std::vector<std::uint64_t> widest = gaps;
  const auto kept = widest.begin() + static_cast<std::ptrdiff_t>(most) - 1;
  std::nth_element(widest.begin(), kept, widest.end(), std::greater<>());
  // Of gaps as wide as the bound none is kept, or there could be too many.
  const std::uint64_t bound = *kept;
  ByteRanges result{ranges[0]};
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (gaps[i - 1] > bound) {
      result.push_back(ranges[i]);
    } else {
      result.back().second = ranges[i].second;
    }
  }
  return result;
}

}  // namespace

SpaceScale::SpaceScale(ByteRanges touched) {
  const ByteRanges ranges = coarser(joined(std::move(touched)), kMaxPieces);
  if (ranges.empty()) {
    pieces_.push_back(SpacePiece{});
    return;
  }
  // The root lets a large range be the larger, and a superblock be seen beside it.
  constexpr double kBlockBytes = 4096;
  std::vector<double> weights;
  double sum = 0;
  for (const auto& [begin, end] : ranges) {
    weights.push_back(1 + std::sqrt(static_cast<double>(end - begin) / kBlockBytes));
    sum += weights.back();
  }
  const double gap =
      ranges.size() > 1 ? std::min(0.02, 0.3 / static_cast<double>(ranges.size())) : 0;
  const double room = 1 - gap * static_cast<double>(ranges.size() - 1);
  double at = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const double width = room * weights[i] / sum;
    pieces_.push_back(
        SpacePiece{ranges[i].first, ranges[i].second, at, std::min(1.0, at + width)});
    at += width + gap;
  }
  pieces_.back().to = 1;
}

double SpaceScale::place(std::uint64_t offset_bytes) const {
  const auto piece = std::lower_bound(
      pieces_.begin(), pieces_.end(), offset_bytes,
      [](const SpacePiece& one, std::uint64_t at) { return one.end_bytes < at; });
  if (piece == pieces_.end()) {
    return 1;
  }
  if (offset_bytes <= piece->begin_bytes || piece->end_bytes == piece->begin_bytes) {
    return piece->from;
  }
  const double share = static_cast<double>(offset_bytes - piece->begin_bytes) /
                       static_cast<double>(piece->end_bytes - piece->begin_bytes);
  return piece->from + (piece->to - piece->from) * share;
}

}  // namespace powercut
