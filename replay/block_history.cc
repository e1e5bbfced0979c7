// SPDX-License-Identifier: GPL-2.0-only

#include "replay/block_history.h"

#include "replay/state_view.h"

#include <fmt/format.h>

#include <xxhash.h>

#include <algorithm>
#include <set>

namespace powercut {

std::string content_digest(std::span<const std::byte> bytes) {
  if (std::all_of(bytes.begin(), bytes.end(),
                  [](std::byte byte) { return byte == std::byte{0}; })) {
    return "zeros";
  }
  return fmt::format("{:016x}", XXH3_64bits(bytes.data(), bytes.size()));
}

std::vector<BlockWrite> writes_over(const Recording& recording, std::uint16_t device,
                                    std::uint64_t offset_bytes,
                                    std::uint64_t length_bytes) {
  const Timeline& timeline = recording.timeline();
  BlockIndex::Cursor cursor =
      recording.index().covering(device, offset_bytes, length_bytes,
                                 static_cast<WriteIndex>(timeline.writes().size()));
  std::vector<BlockWrite> history;
  for (WriteIndex i = cursor.next(); i != kNoWrite; i = cursor.next()) {
    const Write& write = timeline.write(i);
    const ByteRange range{std::max(write.offset_bytes, offset_bytes),
                          std::min(write.end_bytes(), offset_bytes + length_bytes)};
    history.push_back({i, range,
                       write.op == Op::kWrite
                           ? content_digest(timeline.data(
                                 write, range.begin - write.offset_bytes, range.length()))
                           : "zeros"});
  }
  std::reverse(history.begin(), history.end());
  return history;
}

BlockContent content_in(const CrashState& state, std::uint16_t device,
                        std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  constexpr std::uint64_t kSector = 512;
  const StateSpace& space = *state.space;
  const std::uint64_t unit_bytes = space.unit_bytes();
  const std::uint64_t end =
      std::min(offset_bytes + length_bytes, space.recording().size_bytes(device));
  BlockContent content;
  std::set<WriteIndex> writes;
  for (std::uint64_t unit = offset_bytes / unit_bytes; unit * unit_bytes < end; ++unit) {
    const Version version = space.version_at(make_unit(device, unit), state.options);
    switch (version.kind) {
      case Version::Kind::kBase:
        content.base = true;
        break;
      case Version::Kind::kGarbage:
        content.garbage = true;
        break;
      case Version::Kind::kWrite:
        writes.insert(version.ref);
        break;
      case Version::Kind::kMixed: {
        const std::span<const WriteIndex> sectors = space.mixed(version.ref);
        for (std::uint64_t s = 0; s < sectors.size(); ++s) {
          const std::uint64_t at = unit * unit_bytes + s * kSector;
          if (at < offset_bytes || at >= end) {
            continue;
          }
          if (sectors[s] == kNoWrite) {
            content.base = true;
          } else {
            writes.insert(sectors[s]);
          }
        }
        break;
      }
    }
  }
  content.writes.assign(writes.begin(), writes.end());
  std::vector<std::byte> bytes(end > offset_bytes ? end - offset_bytes : 0);
  StateView(state, device).read(offset_bytes, bytes);
  content.digest = content_digest(bytes);
  return content;
}

}  // namespace powercut
