// SPDX-License-Identifier: GPL-2.0-only

#include "workload/fill.h"

#include "base/crc32c.h"
#include "base/ensure.h"
#include "base/random.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace powercut {

namespace {

constexpr std::string_view kFillMagic = "pcwrite1";
constexpr std::string_view kPoisonMagic = "pcpoison";
constexpr std::byte kPoisonByte{0xdb};
constexpr std::size_t kOperationAt = 8;
constexpr std::size_t kOffsetAt = 16;
constexpr std::size_t kFillingAt = 24;
constexpr std::size_t kSumAt = kFillSectorBytes - 4;

using Sector = std::array<std::byte, kFillSectorBytes>;

template <class T>
void put(std::span<std::byte> out, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out[at + i] = static_cast<std::byte>(value >> (8 * i));
  }
}

std::uint64_t get(std::span<const std::byte> in, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value |= std::to_integer<std::uint64_t>(in[at + i]) << (8 * i);
  }
  return value;
}

void put_magic(std::span<std::byte> out, std::string_view magic) {
  std::memcpy(out.data(), magic.data(), magic.size());
}

bool has_magic(std::span<const std::byte> in, std::string_view magic) {
  return std::memcmp(in.data(), magic.data(), magic.size()) == 0;
}

void make_sector(std::uint64_t operation, std::uint64_t offset_bytes,
                 std::span<std::byte> out) {
  put_magic(out, kFillMagic);
  put(out, kOperationAt, operation);
  put(out, kOffsetAt, offset_bytes);
  // Neighbouring sectors and operations must not have shifted copies of one stream, so
  // the seed goes through the generator once itself.
  Random seed(operation ^ (offset_bytes << 20) ^ (offset_bytes >> 44));
  Random filling(seed.next() + operation);
  std::size_t at = kFillingAt;
  for (; at + 8 <= kSumAt; at += 8) {
    put(out, at, filling.next());
  }
  put(out, at, static_cast<std::uint32_t>(filling.next()));
  put(out, kSumAt, crc32c(out.first(kSumAt)));
}

}  // namespace

void fill_stamped(std::uint64_t operation, std::uint64_t offset_bytes,
                  std::span<std::byte> out) {
  while (!out.empty()) {
    const std::size_t within = offset_bytes % kFillSectorBytes;
    const std::size_t piece = std::min(out.size(), kFillSectorBytes - within);
    if (piece == kFillSectorBytes) {
      make_sector(operation, offset_bytes, out.first(piece));
    } else {
      Sector sector;
      make_sector(operation, offset_bytes - within, sector);
      std::memcpy(out.data(), sector.data() + within, piece);
    }
    out = out.subspan(piece);
    offset_bytes += piece;
  }
}

std::optional<FillStamp> read_fill(std::span<const std::byte> sector) {
  PC_ENSURE(sector.size() == kFillSectorBytes, "a stamp fills a sector");
  if (!has_magic(sector, kFillMagic)) {
    return std::nullopt;
  }
  const FillStamp stamp{get(sector, kOperationAt), get(sector, kOffsetAt)};
  if (stamp.offset_bytes % kFillSectorBytes != 0) {
    return std::nullopt;
  }
  // Made anew and compared: no sum can be right by chance.
  Sector whole;
  make_sector(stamp.operation, stamp.offset_bytes, whole);
  if (!std::equal(sector.begin(), sector.end(), whole.begin())) {
    return std::nullopt;
  }
  return stamp;
}

void fill_poison(std::uint64_t disk_offset_bytes, std::span<std::byte> out) {
  PC_ENSURE(disk_offset_bytes % kFillSectorBytes == 0, "poison begins at a sector");
  PC_ENSURE(out.size() % kFillSectorBytes == 0, "poison fills whole sectors");
  std::fill(out.begin(), out.end(), kPoisonByte);
  for (std::size_t at = 0; at < out.size(); at += kFillSectorBytes) {
    put_magic(out.subspan(at), kPoisonMagic);
    put(out, at + kPoisonMagic.size(), disk_offset_bytes + at);
  }
}

std::optional<std::uint64_t> read_poison(std::span<const std::byte> sector) {
  PC_ENSURE(sector.size() == kFillSectorBytes, "poison fills a sector");
  if (!has_magic(sector, kPoisonMagic)) {
    return std::nullopt;
  }
  const std::uint64_t offset_bytes = get(sector, kPoisonMagic.size());
  const std::span<const std::byte> rest = sector.subspan(kPoisonMagic.size() + 8);
  if (offset_bytes % kFillSectorBytes != 0 ||
      !std::all_of(rest.begin(), rest.end(),
                   [](std::byte byte) { return byte == kPoisonByte; })) {
    return std::nullopt;
  }
  return offset_bytes;
}

}  // namespace powercut
