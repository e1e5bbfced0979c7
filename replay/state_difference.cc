// SPDX-License-Identifier: GPL-2.0-only

#include "replay/state_difference.h"

#include "replay/state_view.h"

#include <algorithm>
#include <utility>

namespace powercut {

namespace {

ByteRange whole_blocks(const Write& write, std::uint64_t block, std::uint64_t size) {
  return {write.offset_bytes / block * block,
          std::min(size, (write.end_bytes() + block - 1) / block * block)};
}

}  // namespace

RangeSet differing_blocks(const CrashState& a, const CrashState& b,
                          const Durability& durability, std::uint16_t device,
                          std::uint32_t block_bytes, const std::function<bool()>& stop) {
  const Timeline& timeline = a.space->recording().timeline();
  const std::uint64_t size = a.space->recording().size_bytes(device);
  std::vector<ByteRange> candidates;
  const auto add = [&](const Write& write) {
    const ByteRange range = whole_blocks(write, block_bytes, size);
    if (write.device == device && range.begin < range.end) {
      candidates.push_back(range);
    }
  };
  // What was durable at the earlier cut and not written since is the same in both.
  const auto [from, to] = std::minmax({a.space->cut(), b.space->cut()});
  for (const WriteIndex write : durability.pending(timeline, from)) {
    add(timeline.write(write));
  }
  const std::span<const Write> writes = timeline.writes();
  auto it = std::partition_point(writes.begin(), writes.end(),
                                 [&](const Write& write) { return write.submit < from; });
  for (; it != writes.end() && it->submit < to; ++it) {
    add(*it);
  }
  const StateView view_a(a, device);
  const StateView view_b(b, device);
  std::vector<std::byte> bytes_a(block_bytes);
  std::vector<std::byte> bytes_b(block_bytes);
  std::vector<ByteRange> differing;
  const RangeSet compared(std::move(candidates));
  for (const ByteRange& range : compared.ranges()) {
    for (std::uint64_t at = range.begin; at < range.end; at += block_bytes) {
      if (stop && stop()) {
        return RangeSet(std::move(differing));
      }
      const std::size_t length = std::min<std::uint64_t>(block_bytes, range.end - at);
      view_a.read(at, std::span(bytes_a).first(length));
      view_b.read(at, std::span(bytes_b).first(length));
      if (!std::equal(bytes_a.begin(), bytes_a.begin() + static_cast<long>(length),
                      bytes_b.begin())) {
        differing.push_back({at, at + length});
      }
    }
  }
  return RangeSet(std::move(differing));
}

}  // namespace powercut
