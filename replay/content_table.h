// SPDX-License-Identifier: GPL-2.0-only
//
// Contents of units as small numbers: equal bytes, equal number. Told apart by XXH3-128;
// two of a billion different contents collide with a probability below 10^-20.

#pragma once

#include "replay/state_space.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace powercut {

using ContentId = std::uint32_t;

// Not thread-safe.
class ContentTable {
 public:
  ContentId intern(std::span<const std::byte> bytes);

  std::size_t size() const { return ids_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const std::pair<std::uint64_t, std::uint64_t>& digest) const {
      return digest.first;
    }
  };

  std::unordered_map<std::pair<std::uint64_t, std::uint64_t>, ContentId, Hash> ids_;
};

// What a unit can hold in one space, as contents. Either `question` is null and `only`
// is the content, or ids run parallel to the question's versions (kUnit) or links
// (kChain).
struct UnitContents {
  const UnitQuestion* question = nullptr;
  ContentId only = 0;
  std::vector<ContentId> ids;
  ContentId bottom = 0;   // kChain
  ContentId garbage = 0;  // kChain under the corrupt fault
};

// The units of one space with their contents, kept once computed. Not thread-safe; the
// space and the table must outlive it.
class SpaceContents {
 public:
  SpaceContents(const StateSpace& space, ContentTable& table)
      : space_(&space), table_(&table), buffer_(space.unit_bytes()) {}

  // The forced content, or null and the details in `contents`.
  bool forced(UnitKey unit, ContentId& content, const UnitContents*& contents);

  ContentId content_of(UnitKey unit, const Version& version);
  ContentId content_under(UnitKey unit, std::span<const std::uint32_t> options);

 private:
  struct Slot {
    bool forced = true;
    std::uint32_t value = 0;  // a content, or an index into details_
  };

  const StateSpace* space_;
  ContentTable* table_;
  std::vector<std::byte> buffer_;
  FlatMap<Slot> slots_;
  std::vector<std::unique_ptr<UnitContents>> details_;
};

}  // namespace powercut
