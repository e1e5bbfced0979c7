// SPDX-License-Identifier: GPL-2.0-only

#include "workload/fill.h"

#include "base/crc32c.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <string>
#include <vector>

namespace powercut {
namespace {

using Sector = std::array<std::byte, kFillSectorBytes>;

std::vector<std::byte> filled(std::uint64_t operation, std::uint64_t offset_bytes,
                              std::size_t length) {
  std::vector<std::byte> data(length);
  fill_stamped(operation, offset_bytes, data);
  return data;
}

TEST_CASE("a sector says which write it is of and where", "[fill]") {
  const std::vector<std::byte> data = filled(0x1122334455667788, 1ULL << 40, 1024);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::optional<FillStamp> stamp =
        read_fill(std::span(data).subspan(i * kFillSectorBytes, kFillSectorBytes));
    REQUIRE(stamp);
    CHECK(stamp->operation == 0x1122334455667788);
    CHECK(stamp->offset_bytes == (1ULL << 40) + i * kFillSectorBytes);
  }
}

TEST_CASE("a sector is laid out as documented", "[fill]") {
  const std::vector<std::byte> data = filled(7, 512, 512);
  CHECK(std::memcmp(data.data(), "pcwrite1", 8) == 0);
  CHECK(data[8] == std::byte{7});
  CHECK(data[16] == std::byte{0});
  CHECK(data[17] == std::byte{2});
  std::uint32_t sum = 0;
  std::memcpy(&sum, data.data() + 508, 4);
  CHECK(sum == crc32c(std::span(data).first(508)));
}

TEST_CASE("a piece of a write is the same piece of the stream", "[fill]") {
  const std::vector<std::byte> whole = filled(3, 0, 4096);
  for (std::size_t begin : {0U, 1U, 500U, 511U, 512U, 700U, 4000U}) {
    for (std::size_t length : {0U, 1U, 11U, 512U, 513U, 96U}) {
      if (begin + length > whole.size()) {
        continue;
      }
      const std::vector<std::byte> piece = filled(3, begin, length);
      const auto from = whole.begin() + static_cast<std::ptrdiff_t>(begin);
      CHECK(std::equal(piece.begin(), piece.end(), from));
    }
  }
}

TEST_CASE("any changed byte makes it no sector of a write", "[fill]") {
  const std::vector<std::byte> data = filled(3, 4096, 512);
  for (std::size_t i = 0; i < data.size(); ++i) {
    std::vector<std::byte> changed = data;
    changed[i] ^= std::byte{1};
    REQUIRE_FALSE(read_fill(changed));
  }
}

TEST_CASE("a sector that only has the right sum is none", "[fill]") {
  std::vector<std::byte> data = filled(3, 4096, 512);
  data[100] ^= std::byte{1};
  const std::uint32_t sum = crc32c(std::span(data).first(508));
  std::memcpy(data.data() + 508, &sum, 4);
  CHECK_FALSE(read_fill(data));
}

TEST_CASE("sectors of different writes and places share no filling", "[fill]") {
  std::set<std::string> words;
  std::size_t count = 0;
  for (std::uint64_t operation = 0; operation < 20; ++operation) {
    const std::vector<std::byte> data = filled(operation, 0, 16384);
    for (std::size_t sector = 0; sector < data.size(); sector += 512) {
      for (std::size_t at = 24; at + 8 <= 504; at += 8) {
        words.emplace(reinterpret_cast<const char*>(data.data()) + sector + at, 8);
        ++count;
      }
    }
  }
  CHECK(words.size() == count);
}

TEST_CASE("poison says where on the disk it is", "[fill]") {
  std::vector<std::byte> data(4096);
  fill_poison(1ULL << 33, data);
  CHECK(std::memcmp(data.data(), "pcpoison", 8) == 0);
  CHECK(data[16] == std::byte{0xdb});
  CHECK(data[511] == std::byte{0xdb});
  const std::span<const std::byte> last = std::span(data).subspan(3584, 512);
  CHECK(read_poison(last) == (1ULL << 33) + 3584);
  CHECK_FALSE(read_fill(last));
}

TEST_CASE("what is no poison is not taken for it", "[fill]") {
  std::vector<std::byte> data(512);
  CHECK_FALSE(read_poison(data));
  CHECK_FALSE(read_poison(filled(1, 0, 512)));
  fill_poison(512, data);
  REQUIRE(read_poison(data) == 512U);
  for (std::size_t i = 0; i < data.size(); ++i) {
    std::vector<std::byte> changed = data;
    changed[i] ^= std::byte{1};
    // Some sectors more or less are another place; all else is no poison.
    const bool place = i >= 10 && i < 16;
    REQUIRE(read_poison(changed).has_value() == place);
  }
}

}  // namespace
}  // namespace powercut
