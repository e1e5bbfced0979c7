// SPDX-License-Identifier: GPL-2.0-only

#include "base/stamp.h"

#include <catch2/catch.hpp>

#include <array>
#include <vector>

namespace powercut {
namespace {

constexpr std::uint64_t kInode = 12;
constexpr std::uint32_t kGeneration = 7;

// Stamped sectors of one file from `offset_bytes` on.
std::vector<std::byte> stamped(std::uint64_t offset_bytes, std::size_t sectors,
                               std::uint64_t sequence = 1) {
  std::vector<std::byte> data(sectors * kStampBytes);
  for (std::size_t i = 0; i < sectors; ++i) {
    write_stamp({kInode, kGeneration, offset_bytes + i * kStampBytes, sequence},
                std::span(data).subspan(i * kStampBytes, kStampBytes));
  }
  return data;
}

std::string problem(const std::vector<std::byte>& data, std::uint64_t offset_bytes) {
  return stamp_problem(data, kInode, kGeneration, offset_bytes);
}

TEST_CASE("a stamp reads back as it was written", "[stamp]") {
  std::array<std::byte, kStampBytes> sector{};
  write_stamp({0x1122334455667788, 0x99aabbcc, 1ULL << 40, 42}, sector);
  Stamp stamp;
  REQUIRE(read_stamp(sector, stamp) == StampKind::kWhole);
  CHECK(stamp.inode == 0x1122334455667788);
  CHECK(stamp.generation == 0x99aabbcc);
  CHECK(stamp.offset_bytes == 1ULL << 40);
  CHECK(stamp.sequence == 42);
}

TEST_CASE("any changed byte behind the magic breaks a stamp", "[stamp]") {
  std::array<std::byte, kStampBytes> sector{};
  write_stamp({kInode, kGeneration, 4096, 1}, sector);
  for (std::size_t i = 0; i < kStampBytes; ++i) {
    std::array<std::byte, kStampBytes> changed = sector;
    changed.at(i) ^= std::byte{1};
    Stamp stamp;
    REQUIRE(read_stamp(changed, stamp) ==
            (i < 8 ? StampKind::kNone : StampKind::kBroken));
  }
}

TEST_CASE("data that is where its stamps say has no problem", "[stamp]") {
  CHECK(problem(stamped(8192, 8), 8192).empty());
  // Sectors of an older and of a newer write, and some without a stamp, may be mixed.
  std::vector<std::byte> mixed = stamped(0, 3, 1);
  const std::vector<std::byte> newer = stamped(512, 1, 9);
  std::copy(newer.begin(), newer.end(), mixed.begin() + 512);
  std::fill(mixed.begin() + 1024, mixed.end(), std::byte{0});
  CHECK(problem(mixed, 0).empty());
  CHECK(problem(std::vector<std::byte>(4096), 0).empty());
  CHECK(problem({}, 0).empty());
}

TEST_CASE("a rest below a sector is not looked at", "[stamp]") {
  std::vector<std::byte> data = stamped(0, 2);
  data.resize(700);
  data[600] ^= std::byte{1};
  CHECK(problem(data, 0).empty());
}

TEST_CASE("data of another file, place or generation is a problem", "[stamp]") {
  const std::vector<std::byte> data = stamped(4096, 2, 5);
  CHECK(problem(data, 0) == "data from 4096 of the same file (write 5) at 0");
  CHECK(stamp_problem(data, 13, kGeneration, 4096) ==
        "data of another file at 4096: of inode 12, generation 7, as its write 5 left it "
        "at 4096");
  CHECK(stamp_problem(data, kInode, 8, 4096).find("generation 7") != std::string::npos);
}

TEST_CASE("a broken stamp is a problem with its place", "[stamp]") {
  std::vector<std::byte> data = stamped(4096, 3);
  data[512 + 100] ^= std::byte{1};
  CHECK(problem(data, 4096) == "a broken stamp at 4608");
}

}  // namespace
}  // namespace powercut
