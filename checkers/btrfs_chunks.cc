// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/btrfs_chunks.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace powercut {

namespace {

constexpr std::uint64_t kFarthest = std::uint64_t{1} << 62;
constexpr std::size_t kMostPlaces = 1 << 18;

bool is(const BtrfsChunk& chunk, std::string_view profile) {
  const std::string_view type = chunk.type;
  return type == profile || (type.ends_with(profile) && type.size() > profile.size() &&
                             type[type.size() - profile.size() - 1] == '|');
}

// 0: in one piece, each stripe a copy.
std::uint64_t copies_of_stripes(const BtrfsChunk& chunk) {
  if (is(chunk, "RAID0")) {
    return 1;
  }
  return is(chunk, "RAID10") ? std::max<std::uint64_t>(1, chunk.sub_stripes) : 0;
}

// Not those with parity, nor what does not look like a chunk.
bool known(const BtrfsChunk& chunk) {
  if (chunk.logical > kFarthest || chunk.length > kFarthest) {
    return false;
  }
  for (const BtrfsChunk::Stripe& stripe : chunk.stripes) {
    if (stripe.offset > kFarthest) {
      return false;
    }
  }
  if (const std::uint64_t copies = copies_of_stripes(chunk)) {
    return chunk.stripe_bytes >= 4096 && copies <= chunk.stripes.size();
  }
  for (const char* const profile : {"single", "DUP", "RAID1", "RAID1C3", "RAID1C4"}) {
    if (is(chunk, profile)) {
      return true;
    }
  }
  return false;
}

}  // namespace

BtrfsChunks::BtrfsChunks(std::vector<BtrfsChunk> chunks, std::uint64_t device)
    : chunks_(std::move(chunks)), device_(device) {
  const std::size_t all = chunks_.size();
  std::erase_if(chunks_, [](const BtrfsChunk& chunk) { return !known(chunk); });
  unknown_ = chunks_.size() != all;
  std::sort(chunks_.begin(), chunks_.end(), [](const BtrfsChunk& a, const BtrfsChunk& b) {
    return a.logical < b.logical;
  });
}

// Stripe number n of the chunk is on the (n mod columns)-th group of `copies` stripes.
void BtrfsChunks::add_striped(const BtrfsChunk& chunk, std::uint64_t begin,
                              std::uint64_t end, std::uint64_t copies,
                              std::vector<Place>& places) const {
  const std::uint64_t columns = chunk.stripes.size() / copies;
  const std::uint64_t step = chunk.stripe_bytes;
  while (begin < end && places.size() < kMostPlaces) {
    const std::uint64_t number = begin / step;
    const std::uint64_t part_end = std::min(end, (number + 1) * step);
    for (std::uint64_t copy = 0; copy < copies; ++copy) {
      const BtrfsChunk::Stripe& stripe = chunk.stripes[number % columns * copies + copy];
      if (stripe.device == device_) {
        const std::uint64_t at = stripe.offset + number / columns * step + begin % step;
        places.push_back({{at, at + (part_end - begin)}, chunk.logical + begin});
      }
    }
    begin = part_end;
  }
}

std::vector<BtrfsChunks::Place> BtrfsChunks::places(std::uint64_t logical,
                                                    std::uint64_t length) const {
  std::vector<Place> places;
  if (logical > kFarthest || length > kFarthest) {
    return places;
  }
  const std::uint64_t end = logical + length;
  auto chunk = std::upper_bound(
      chunks_.begin(), chunks_.end(), logical,
      [](std::uint64_t at, const BtrfsChunk& other) { return at < other.logical; });
  if (chunk != chunks_.begin()) {
    --chunk;
  }
  for (; chunk != chunks_.end() && chunk->logical < end; ++chunk) {
    const std::uint64_t from = std::max(logical, chunk->logical) - chunk->logical;
    const std::uint64_t to =
        std::min(end, chunk->logical + chunk->length) - chunk->logical;
    if (from >= to) {
      continue;
    }
    if (const std::uint64_t copies = copies_of_stripes(*chunk)) {
      add_striped(*chunk, from, to, copies, places);
      continue;
    }
    for (const BtrfsChunk::Stripe& stripe : chunk->stripes) {
      if (stripe.device == device_ && places.size() < kMostPlaces) {
        places.push_back(
            {{stripe.offset + from, stripe.offset + to}, chunk->logical + from});
      }
    }
  }
  return places;
}

std::vector<ByteRange> BtrfsChunks::used() const {
  std::vector<ByteRange> used;
  for (const BtrfsChunk& chunk : chunks_) {
    const std::uint64_t copies = copies_of_stripes(chunk);
    const std::uint64_t columns = copies == 0 ? 1 : chunk.stripes.size() / copies;
    for (const BtrfsChunk::Stripe& stripe : chunk.stripes) {
      if (stripe.device == device_) {
        used.push_back({stripe.offset, stripe.offset + chunk.length / columns});
      }
    }
  }
  return used;
}

}  // namespace powercut
