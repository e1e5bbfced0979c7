// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/claimed_owners.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

namespace powercut {

namespace {

constexpr std::size_t kMostClaims = 4 << 20;
constexpr std::uint64_t kNoFile = std::numeric_limits<std::uint64_t>::max();

class UnknownOwners : public BlockOwners {
 public:
  UnknownOwners(const std::string& reason, std::vector<std::string> notes)
      : text_("not known: " + reason), notes_(std::move(notes)) {}

  std::vector<OwnedRange> owners_of(const ByteRange& range) const override {
    if (range.begin >= range.end) {
      return {};
    }
    return {OwnedRange{range, text_, {}}};
  }

  std::vector<std::string> notes() const override { return notes_; }

 private:
  std::string text_;
  std::vector<std::string> notes_;
};

}  // namespace

class ClaimedOwners : public BlockOwners {
 public:
  ClaimedOwners(OwnerClaims claims, std::string rest)
      : all_(std::move(claims)), rest_(std::move(rest)) {
    all_.claims_ = all_.resolved();
    std::sort(all_.inodes_.begin(), all_.inodes_.end(),
              [](const auto& a, const auto& b) { return a.range.begin < b.range.begin; });
  }

  std::vector<OwnedRange> owners_of(const ByteRange& range) const override {
    std::vector<OwnedRange> owners;
    const std::uint64_t end = std::min(range.end, all_.end_bytes_);
    std::uint64_t at = range.begin;
    auto claim = find(at);
    while (at < end) {
      if (claim == all_.claims_.end() || claim->range.begin > at) {
        const std::uint64_t gap_end =
            claim == all_.claims_.end() ? end : std::min(end, claim->range.begin);
        add({{at, gap_end}, rest_, {}}, owners);
        at = gap_end;
        continue;
      }
      OwnedRange owned{
          {at, std::min(end, claim->range.end)}, all_.texts_[claim->owner], {}};
      if (claim->byte_in_file != kNoFile) {
        owned.byte_in_file = claim->byte_in_file + (at - claim->range.begin);
      }
      at = owned.range.end;
      ++claim;
      add(std::move(owned), owners);
    }
    if (at < range.end) {
      add({{at, range.end}, "behind the end of the file system", {}}, owners);
    }
    return owners;
  }

  std::optional<InodePlace> inode_at(std::uint64_t offset_bytes) const override {
    auto place = std::upper_bound(
        all_.inodes_.begin(), all_.inodes_.end(), offset_bytes,
        [](std::uint64_t at, const auto& inodes) { return at < inodes.range.begin; });
    const auto claim = find(offset_bytes);
    if (place == all_.inodes_.begin() || claim == all_.claims_.end() ||
        claim->range.begin > offset_bytes) {
      return std::nullopt;
    }
    --place;
    if (offset_bytes >= place->range.end || claim->owner != place->owner) {
      return std::nullopt;
    }
    const std::uint64_t index = (offset_bytes - place->range.begin) / place->inode_bytes;
    const std::uint64_t begin = place->range.begin + index * place->inode_bytes;
    const std::uint64_t number = place->first_number + index;
    const auto named = all_.inode_owners_.find(number);
    const std::string text =
        named == all_.inode_owners_.end() ? "unused" : all_.texts_[named->second];
    return InodePlace{{begin, begin + place->inode_bytes},
                      fmt::format("inode {} ({})", number, text)};
  }

  std::vector<std::string> notes() const override { return all_.notes_; }

 private:
  // The first claim that ends behind `at`.
  std::vector<OwnerClaims::Claim>::const_iterator find(std::uint64_t at) const {
    return std::upper_bound(all_.claims_.begin(), all_.claims_.end(), at,
                            [](std::uint64_t place, const OwnerClaims::Claim& claim) {
                              return place < claim.range.end;
                            });
  }

  // Pieces of a file that follow each other in it are one.
  static void add(OwnedRange owned, std::vector<OwnedRange>& owners) {
    if (!owners.empty() && owners.back().what == owned.what) {
      OwnedRange& last = owners.back();
      const bool follows =
          last.byte_in_file && owned.byte_in_file
              ? *last.byte_in_file + last.range.length() == *owned.byte_in_file
              : !last.byte_in_file && !owned.byte_in_file;
      if (follows) {
        last.range.end = owned.range.end;
        return;
      }
    }
    owners.push_back(std::move(owned));
  }

  OwnerClaims all_;
  std::string rest_;
};

OwnerClaims::Owner OwnerClaims::owner(const std::string& what) {
  const auto [known, is_new] =
      known_.try_emplace(what, static_cast<Owner>(texts_.size()));
  if (is_new) {
    texts_.push_back(what);
  }
  return known->second;
}

void OwnerClaims::claim(ByteRange range, Owner owner,
                        std::optional<std::uint64_t> byte_in_file) {
  range.end = std::min(range.end, end_bytes_);
  if (range.begin >= range.end) {
    return;
  }
  if (claims_.size() >= kMostClaims) {
    note(
        fmt::format("only the first {} pieces of the file system are told", kMostClaims));
    return;
  }
  claims_.push_back({range, byte_in_file.value_or(kNoFile), owner});
}

void OwnerClaims::inodes(ByteRange range, Owner owner, std::uint32_t inode_bytes,
                         std::uint64_t first_number) {
  claim(range, owner);
  if (inode_bytes != 0 && inodes_.size() < kMostClaims) {
    inodes_.push_back({range, owner, inode_bytes, first_number});
  }
}

void OwnerClaims::note(const std::string& text) {
  if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) {
    notes_.push_back(text);
  }
}

// Goes through the places at which a claim begins or ends; of those that are open there,
// the one that came first has what lies up to the next place.
std::vector<OwnerClaims::Claim> OwnerClaims::resolved() const {
  std::vector<std::size_t> by_begin(claims_.size());
  std::vector<std::uint64_t> places;
  for (std::size_t i = 0; i < claims_.size(); ++i) {
    by_begin[i] = i;
    places.push_back(claims_[i].range.begin);
    places.push_back(claims_[i].range.end);
  }
  std::sort(by_begin.begin(), by_begin.end(), [this](std::size_t a, std::size_t b) {
    return claims_[a].range.begin < claims_[b].range.begin;
  });
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> open;
  std::vector<Claim> pieces;
  std::size_t next = 0;
  std::size_t last_claim = claims_.size();
  for (std::size_t p = 0; p + 1 < places.size(); ++p) {
    while (next < by_begin.size() && claims_[by_begin[next]].range.begin <= places[p]) {
      open.push(by_begin[next++]);
    }
    while (!open.empty() && claims_[open.top()].range.end <= places[p]) {
      open.pop();
    }
    if (open.empty()) {
      last_claim = claims_.size();
      continue;
    }
    if (open.top() == last_claim) {
      pieces.back().range.end = places[p + 1];
      continue;
    }
    last_claim = open.top();
    Claim piece = claims_[last_claim];
    if (piece.byte_in_file != kNoFile) {
      piece.byte_in_file += places[p] - piece.range.begin;
    }
    piece.range = {places[p], places[p + 1]};
    pieces.push_back(piece);
  }
  return pieces;
}

std::unique_ptr<const BlockOwners> OwnerClaims::finish(const std::string& rest) && {
  return std::make_unique<ClaimedOwners>(std::move(*this), rest);
}

std::unique_ptr<const BlockOwners> unknown_owners(const std::string& reason,
                                                  std::vector<std::string> notes) {
  return std::make_unique<UnknownOwners>(reason, std::move(notes));
}

}  // namespace powercut
