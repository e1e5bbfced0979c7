// SPDX-License-Identifier: GPL-2.0-only

#include "base/crc32c.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

namespace {

std::span<const std::byte> data_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

TEST_CASE("crc32c has the known values", "[base][crc32c]") {
  CHECK(crc32c({}) == 0);
  CHECK(crc32c(data_of("123456789")) == 0xe3069283);
  CHECK(crc32c(data_of(std::string(32, '\0'))) == 0x8a9136aa);  // RFC 3720, B.4
  CHECK(crc32c(data_of(std::string(32, '\xff'))) == 0x62a8ab43);
  CHECK(crc32c_portable(data_of("123456789")) == 0xe3069283);
}

TEST_CASE("crc32c by instruction and by table agree at every length and offset",
          "[base][crc32c]") {
  std::vector<std::byte> data(200'000);
  std::uint32_t x = 1;
  for (std::byte& byte : data) {
    x = x * 1664525 + 1013904223;
    byte = static_cast<std::byte>(x >> 24);
  }
  const std::span<const std::byte> all(data);
  for (std::size_t length = 0; length < 5000; length += 1 + length / 100) {
    REQUIRE(crc32c(all.subspan(length % 9, length), 7) ==
            crc32c_portable(all.subspan(length % 9, length), 7));
  }
  for (std::size_t length : {24'575U, 24'576U, 24'577U, 100'001U, 199'999U}) {
    REQUIRE(crc32c(all.first(length)) == crc32c_portable(all.first(length)));
  }
}

TEST_CASE("crc32c is extendable", "[base][crc32c]") {
  CHECK(crc32c(data_of("6789"), crc32c(data_of("12345"))) == 0xe3069283);
}

}  // namespace powercut
