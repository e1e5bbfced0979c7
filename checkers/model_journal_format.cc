// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/model_journal_format.h"

#include "base/stamp.h"
#include "checkers/model_sector.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace powercut {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kMagicBytes = 8;

const char* magic_of(JournalMark mark) {
  return mark == JournalMark::kHeader ? "pcjrnhd1" : "pcjrncm1";
}

}  // namespace

std::uint64_t journal_last_writer(std::uint64_t home, std::uint64_t number) {
  for (; number > 0; --number) {
    const auto homes = journal_homes(number);
    if (std::find(homes.begin(), homes.end(), home) != homes.end()) {
      return number;
    }
  }
  return 0;
}

std::vector<std::byte> journal_data(std::uint64_t home, std::uint64_t number) {
  constexpr std::uint64_t kSectors = kJournalBlockBytes / kStampBytes;
  return model_data(
      {ModelSector::Kind::kWrite, journal_home_block(home) * kSectors, number}, kSectors);
}

std::vector<std::byte> encode_journal_mark(JournalMark mark, std::uint64_t number) {
  std::vector<std::byte> block(kJournalBlockBytes);
  std::memcpy(block.data(), magic_of(mark), kMagicBytes);
  std::memcpy(block.data() + kMagicBytes, &number, sizeof number);
  return block;
}

std::optional<std::uint64_t> decode_journal_mark(JournalMark mark,
                                                 std::span<const std::byte> block) {
  if (std::memcmp(block.data(), magic_of(mark), kMagicBytes) != 0) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  std::memcpy(&number, block.data() + kMagicBytes, sizeof number);
  return number;
}

}  // namespace powercut
