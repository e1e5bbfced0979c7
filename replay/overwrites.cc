// SPDX-License-Identifier: GPL-2.0-only

#include "replay/overwrites.h"

#include "base/units.h"
#include "replay/change_list_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace powercut {

namespace {

constexpr const char* kRightLine =
    "a line is OFFSET LENGTH [NAME [FILE_OFFSET]] in bytes, each with or without K, M, G "
    "or T: 1M 64K image 128K";

Result<KeptExtent> parse_line(const std::vector<std::string>& words,
                              const ChangeListOptions& options, std::size_t line) {
  if (words.size() < 2 || words.size() > 4) {
    return bad_line(options, line, fmt::format("{} words, not two to four", words.size()),
                    kRightLine);
  }
  KeptExtent extent;
  std::array<std::uint64_t, 3> values{};
  for (const std::size_t at : {0, 1, 3}) {
    if (at >= words.size()) {
      continue;
    }
    const Result<std::uint64_t> value = parse_bytes(words[at]);
    if (!value) {
      return bad_line(options, line, value.error().message, kRightLine);
    }
    values[std::min<std::size_t>(at, 2)] = *value;
  }
  const auto [begin, length, file_offset] = values;
  if (length == 0) {
    return bad_line(options, line, "an extent of 0 bytes", kRightLine);
  }
  if (begin > options.device_bytes || length > options.device_bytes - begin) {
    return bad_line(options, line,
                    fmt::format("the extent {}+{} reaches beyond the end of the device",
                                begin, length),
                    fmt::format("the device has {} bytes: is it this device's list?",
                                options.device_bytes));
  }
  extent.range = {begin, begin + length};
  extent.name = words.size() > 2 ? words[2] : "";
  if (words.size() > 3) {
    extent.file_offset_bytes = file_offset;
  }
  return extent;
}

// Extents by where they begin, for "which of them touch this range?". They may overlap,
// so each knows how far those before it and itself reach at the most.
class ExtentIndex {
 public:
  explicit ExtentIndex(std::span<const KeptExtent> extents)
      : extents_(extents), order_(extents.size()), reach_(extents.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      return extents[a].range.begin < extents[b].range.begin;
    });
    std::uint64_t reach = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      reach = std::max(reach, extents[order_[i]].range.end);
      reach_[i] = reach;
    }
  }

  std::vector<OverwrittenPart> touched_by(const ByteRange& range) const {
    std::vector<OverwrittenPart> parts;
    const auto behind = std::partition_point(
        order_.begin(), order_.end(),
        [&](std::size_t i) { return extents_[i].range.begin < range.end; });
    for (auto i = static_cast<std::size_t>(behind - order_.begin());
         i-- > 0 && reach_[i] > range.begin;) {
      const ByteRange& extent = extents_[order_[i]].range;
      if (extent.end > range.begin) {
        parts.push_back(
            {order_[i],
             {std::max(extent.begin, range.begin), std::min(extent.end, range.end)}});
      }
    }
    std::sort(parts.begin(), parts.end(),
              [](const OverwrittenPart& a, const OverwrittenPart& b) {
                return a.extent < b.extent;
              });
    return parts;
  }

 private:
  std::span<const KeptExtent> extents_;
  std::vector<std::size_t> order_;
  std::vector<std::uint64_t> reach_;
};

// The clock at the first event with at least that number; 0 in format 1, which has none.
std::uint64_t clock_at(const Log& log, std::uint64_t seq) {
  std::uint64_t time_ns = 0;
  log.visit_from(seq, [&](const Event& event) {
    time_ns = event.time_ns;
    return Visit::kStop;
  });
  return time_ns;
}

}  // namespace

Result<std::vector<KeptExtent>> parse_extents(std::string_view text,
                                              const std::string& file,
                                              std::uint64_t device_bytes) {
  const ChangeListOptions options{file, device_bytes, 0};
  std::vector<KeptExtent> extents;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string> words = words_of_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!words.empty()) {
      PC_ASSIGN_OR_RETURN(KeptExtent extent, parse_line(words, options, line));
      extents.push_back(std::move(extent));
    }
  }
  return extents;
}

OverwriteAudit find_overwrites(const Timeline& timeline, const ChangedBlocks& changed,
                               std::span<const KeptExtent> extents) {
  const ExtentIndex index(extents);
  const std::uint64_t began = clock_at(timeline.log(), 0);
  OverwriteAudit audit;
  std::vector<ByteRange> kept;
  for (const KeptExtent& extent : extents) {
    kept.push_back(extent.range);
  }
  std::vector<ByteRange> overwritten;
  for (const ChangingEntry& entry : changed.entries) {
    std::vector<OverwrittenPart> parts = index.touched_by(entry.range);
    if (parts.empty()) {
      continue;
    }
    for (const OverwrittenPart& part : parts) {
      overwritten.push_back(part.range);
    }
    Overwrite overwrite{entry, std::nullopt, std::move(parts)};
    if (began != 0) {
      overwrite.time_ns = clock_at(timeline.log(), entry.seq) - began;
    }
    audit.overwrites.push_back(std::move(overwrite));
  }
  audit.kept = RangeSet(std::move(kept));
  audit.overwritten = RangeSet(std::move(overwritten));
  return audit;
}

}  // namespace powercut
