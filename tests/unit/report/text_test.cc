// SPDX-License-Identifier: GPL-2.0-only

#include "report/text.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

TEST_CASE("counts have groups of three, and an exponent when they are long",
          "[report][text]") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1000) == "1,000");
  CHECK(count_text(67800106) == "67,800,106");
  CHECK(count_text(BigCount("999999999999999999")) == "999,999,999,999,999,999");
  CHECK(count_text(BigCount("1000000000000000000")) == "1.00 * 10^18");
  CHECK(count_text(BigCount("314159265358979323846264338")) == "3.14 * 10^26");
}

TEST_CASE("sizes have the largest unit that fits", "[report][text]") {
  CHECK(bytes_text(0) == "0 bytes");
  CHECK(bytes_text(1536) == "1536 bytes");
  CHECK(bytes_text(1024) == "1 KiB");
  CHECK(bytes_text(64ULL << 20) == "64 MiB");
  CHECK(bytes_text(5ULL << 40) == "5 TiB");
  CHECK(bytes_text(5000ULL << 40) == "5000 TiB");
}

TEST_CASE("one thing is no plural", "[report][text]") {
  CHECK(plural(1, "window") == "1 window");
  CHECK(plural(0, "window") == "0 windows");
  CHECK(plural(2, "flush") == "2 flushes");
  CHECK(plural(3, "class") == "3 classes");
}

}  // namespace
}  // namespace powercut
