// SPDX-License-Identifier: GPL-2.0-only

#include "workload/scenario.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

KernelVersion version(const char* text) {
  Result<KernelVersion> parsed = parse_kernel_version(text);
  REQUIRE(parsed);
  return *parsed;
}

KernelRange range(const char* text) {
  Result<KernelRange> parsed = parse_kernel_range(text);
  INFO(text);
  REQUIRE(parsed);
  return *parsed;
}

TEST_CASE("a kernel's version is its first numbers", "[scenario]") {
  using Numbers = std::array<std::uint32_t, 3>;
  CHECK(version("6.1.0-56-cloud-amd64").numbers == Numbers{6, 1, 0});
  CHECK(version("6.18.5").numbers == Numbers{6, 18, 5});
  CHECK(version("6.18").numbers == Numbers{6, 18, 0});
  CHECK(version("7").numbers == Numbers{7, 0, 0});
  CHECK(version("6.12-rc3").numbers == Numbers{6, 12, 0});
  CHECK(version("5.10.0.1").numbers == Numbers{5, 10, 0});
  CHECK(version("6.1.0+").numbers == Numbers{6, 1, 0});
  CHECK(version("6.9") < version("6.10"));
  for (const char* text : {"", "x", "-6.1", "6.x", "6.1x", "99999999999.1"}) {
    INFO(text);
    CHECK_FALSE(parse_kernel_version(text));
  }
}

TEST_CASE("both ends of a range belong to it", "[scenario]") {
  CHECK(range("6.1-6.6").holds(version("6.1.0")));
  CHECK(range("6.1-6.6").holds(version("6.6.137")));
  CHECK_FALSE(range("6.1-6.6").holds(version("6.7")));
  CHECK_FALSE(range("6.1-6.6").holds(version("6.0.19")));
  CHECK(range("6.1-6.6.12").holds(version("6.6.12")));
  CHECK_FALSE(range("6.1-6.6.12").holds(version("6.6.13")));
  CHECK(range("6.1").holds(version("6.1.77")));
  CHECK_FALSE(range("6.1").holds(version("6.2")));
  CHECK(range("6").holds(version("6.18")));
  CHECK(range("6.1.5").holds(version("6.1.5")));
  CHECK_FALSE(range("6.1.5").holds(version("6.1.6")));
  CHECK(range("-5.15").holds(version("2.6.32")));
  CHECK(range("-5.15").holds(version("5.15.9")));
  CHECK_FALSE(range("-5.15").holds(version("5.16")));
  CHECK(range("6.7-").holds(version("7.1")));
  CHECK_FALSE(range("6.7-").holds(version("6.6.99")));
  CHECK(range("").holds(version("1.0")));
}

TEST_CASE("a range parses back from its text", "[scenario]") {
  for (const char* text : {"", "6.1-6.6", "6.1", "6", "-5.15", "6.7-", "6.1.5", "0-",
                           "6.1.4-6.6.12", "6-6"}) {
    CHECK(range(to_text(range(text)).c_str()) == range(text));
  }
  CHECK(to_text(range("6.1.4-6.6")) == "6.1.4-6.6");
  CHECK(to_text(range("6.7-")) == "6.7-");
}

TEST_CASE("what is no range is refused", "[scenario]") {
  for (const char* text : {"-", "x", "6.1-x", "6.6-6.1", "6.1-6.2-6.3", "6.1,6.2",
                           "6.1 -6.2", "6.", "6.1.2.3", "6..1", "4294967295"}) {
    INFO(text);
    Result<KernelRange> parsed = parse_kernel_range(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().kind == ErrorKind::kUsage);
    CHECK_THAT(parsed.error().message, Catch::Contains(text));
    CHECK_FALSE(parsed.error().hint.empty());
  }
}

}  // namespace
}  // namespace powercut
