// SPDX-License-Identifier: GPL-2.0-only

#include "base/base64.h"

#include "base/random.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

TEST_CASE("the examples of the standard", "[base64]") {
  const std::vector<std::pair<std::string, std::string>> examples = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xfb\xff\xbf", "+/+/"}};
  for (const auto& [bytes, text] : examples) {
    CHECK(to_base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
  }
}

TEST_CASE("any bytes come back", "[base64]") {
  Random random(1);
  for (std::size_t length = 0; length < 300; ++length) {
    std::string bytes;
    for (std::size_t i = 0; i < length; ++i) {
      bytes += static_cast<char>(random.below(256));
    }
    CHECK(from_base64(to_base64(bytes)) == bytes);
  }
}

TEST_CASE("a text of another kind gives nothing", "[base64]") {
  for (const char* text : {"Z", "Zg", "Zg=", "====", "Z===", "Zg==Zg==", "Zm=v", "Zm9v\n",
                           "Zm 9", "Zm-_", "Zh==", "Zm9=", "=m9v", "\xff\xff\xff\xff"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text));
  }
}

}  // namespace
}  // namespace powercut
