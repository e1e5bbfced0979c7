// SPDX-License-Identifier: GPL-2.0-only

#include "base/stamp.h"

#include "base/crc32c.h"
#include "base/ensure.h"
#include "base/random.h"

#include <fmt/format.h>

#include <cstring>
#include <string_view>

namespace powercut {

namespace {

constexpr std::string_view kMagic = "pcstamp1";
constexpr std::size_t kFieldsEnd = 40;
constexpr std::size_t kSumAt = kStampBytes - 4;

template <class T>
void put(std::span<std::byte> out, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out[at + i] = static_cast<std::byte>(value >> (8 * i));
  }
}

template <class T>
T get(std::span<const std::byte> in, std::size_t at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<T>(std::to_integer<T>(in[at + i]) << (8 * i));
  }
  return value;
}

}  // namespace

void write_stamp(const Stamp& stamp, std::span<std::byte> out) {
  PC_ENSURE(out.size() == kStampBytes, "a stamp fills a sector");
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  put(out, 8, stamp.inode);
  put(out, 16, stamp.generation);
  put(out, 20, std::uint32_t{0});
  put(out, 24, stamp.offset_bytes);
  put(out, 32, stamp.sequence);
  Random filling(stamp.inode * 31 + stamp.offset_bytes * 7 + stamp.sequence + 1);
  for (std::size_t at = kFieldsEnd; at + 8 <= kSumAt; at += 8) {
    put(out, at, filling.next());
  }
  put(out, kSumAt - 4, std::uint32_t{0});
  put(out, kSumAt, crc32c(out.first(kSumAt)));
}

StampKind read_stamp(std::span<const std::byte> sector, Stamp& stamp) {
  PC_ENSURE(sector.size() == kStampBytes, "a stamp fills a sector");
  if (std::memcmp(sector.data(), kMagic.data(), kMagic.size()) != 0) {
    return StampKind::kNone;
  }
  if (get<std::uint32_t>(sector, kSumAt) != crc32c(sector.first(kSumAt))) {
    return StampKind::kBroken;
  }
  stamp.inode = get<std::uint64_t>(sector, 8);
  stamp.generation = get<std::uint32_t>(sector, 16);
  stamp.offset_bytes = get<std::uint64_t>(sector, 24);
  stamp.sequence = get<std::uint64_t>(sector, 32);
  return StampKind::kWhole;
}

std::string stamp_problem(std::span<const std::byte> data, std::uint64_t inode,
                          std::uint32_t generation, std::uint64_t offset_bytes) {
  for (std::size_t at = 0; at + kStampBytes <= data.size(); at += kStampBytes) {
    Stamp stamp;
    const std::uint64_t here = offset_bytes + at;
    switch (read_stamp(data.subspan(at, kStampBytes), stamp)) {
      case StampKind::kNone:
        continue;
      case StampKind::kBroken:
        return fmt::format("a broken stamp at {}", here);
      case StampKind::kWhole:
        break;
    }
    if (stamp.inode != inode || stamp.generation != generation) {
      return fmt::format(
          "data of another file at {}: of inode {}, generation {}, as its "
          "write {} left it at {}",
          here, stamp.inode, stamp.generation, stamp.sequence, stamp.offset_bytes);
    }
    if (stamp.offset_bytes != here) {
      return fmt::format("data from {} of the same file (write {}) at {}",
                         stamp.offset_bytes, stamp.sequence, here);
    }
  }
  return "";
}

}  // namespace powercut
