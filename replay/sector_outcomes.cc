// SPDX-License-Identifier: GPL-2.0-only

#include "replay/sector_outcomes.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace powercut {

namespace {

constexpr std::size_t kMaxWrites = 20;
constexpr std::size_t kMaxOutcomes = 4096;
constexpr std::size_t kMaxVisited = kMaxOutcomes * 16;
constexpr std::uint32_t kSectorBytes = 512;

class Enumerator {
 public:
  Enumerator(const Timeline& timeline, const std::vector<PartialWrite>& writes,
             std::uint64_t begin_bytes, std::uint32_t unit_bytes)
      : timeline_(timeline),
        writes_(writes),
        begin_bytes_(begin_bytes),
        sectors_(unit_bytes / kSectorBytes) {}

  bool run() {
    std::uint32_t all =
        static_cast<std::uint32_t>((std::uint64_t{1} << writes_.size()) - 1);
    return go(all, SectorWriters(sectors_, kNoWrite));
  }

  const std::set<SectorWriters>& outcomes() const { return outcomes_; }

 private:
  // Lands (or loses) one of the writes left, any that none of the others must precede.
  bool go(std::uint32_t rest, const SectorWriters& now) {
    if (visited_.size() > kMaxVisited || outcomes_.size() > kMaxOutcomes) {
      return false;
    }
    if (!visited_.emplace(rest, now).second) {
      return true;
    }
    if (rest == 0) {
      outcomes_.insert(now);
      return true;
    }
    for (std::size_t i = 0; i < writes_.size(); ++i) {
      if (!can_be_next(rest, i)) {
        continue;
      }
      std::uint32_t left = rest & ~(std::uint32_t{1} << i);
      if (!writes_[i].durable && !go(left, now)) {
        return false;
      }
      if (!go(left, landed(now, writes_[i].write))) {
        return false;
      }
    }
    return true;
  }

  bool can_be_next(std::uint32_t rest, std::size_t i) const {
    if ((rest >> i & 1) == 0) {
      return false;
    }
    for (std::size_t j = 0; j < writes_.size(); ++j) {
      if (j != i && (rest >> j & 1) != 0 &&
          timeline_.ordered_before(writes_[j].write, writes_[i].write)) {
        return false;
      }
    }
    return true;
  }

  SectorWriters landed(SectorWriters writers, WriteIndex index) const {
    const Write& write = timeline_.write(index);
    for (std::size_t s = 0; s < sectors_; ++s) {
      std::uint64_t at = begin_bytes_ + s * kSectorBytes;
      if (at >= write.offset_bytes && at < write.end_bytes()) {
        writers[s] = index;
      }
    }
    return writers;
  }

  const Timeline& timeline_;
  const std::vector<PartialWrite>& writes_;
  std::uint64_t begin_bytes_;
  std::size_t sectors_;
  std::set<std::pair<std::uint32_t, SectorWriters>> visited_;
  std::set<SectorWriters> outcomes_;
};

}  // namespace

std::optional<std::vector<SectorWriters>> sector_outcomes(
    const Timeline& timeline, const std::vector<PartialWrite>& writes,
    std::uint64_t unit_begin_bytes, std::uint32_t unit_bytes) {
  if (writes.size() > kMaxWrites) {
    return std::nullopt;
  }
  Enumerator enumerator(timeline, writes, unit_begin_bytes, unit_bytes);
  if (!enumerator.run()) {
    return std::nullopt;
  }
  std::vector<SectorWriters> outcomes(enumerator.outcomes().begin(),
                                      enumerator.outcomes().end());
  // The newer its writers, the newer an outcome; the base is older than any write.
  auto age = [](const SectorWriters& writers) {
    return std::accumulate(writers.begin(), writers.end(), std::uint64_t{0},
                           [](std::uint64_t sum, WriteIndex writer) {
                             return sum +
                                    (writer == kNoWrite ? 0 : std::uint64_t{writer} + 1);
                           });
  };
  std::stable_sort(
      outcomes.begin(), outcomes.end(),
      [&](const SectorWriters& a, const SectorWriters& b) { return age(a) < age(b); });
  return outcomes;
}

}  // namespace powercut
