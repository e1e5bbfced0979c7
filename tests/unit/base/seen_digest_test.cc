// SPDX-License-Identifier: GPL-2.0-only

#include "base/seen_digest.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

std::string digest_of(std::string_view text) {
  SeenDigest digest;
  digest.add(text);
  return digest.text();
}

TEST_CASE("what was seen is compared by its lines, in any order", "[base][seen_digest]") {
  const std::string one = digest_of("have a\nfault: b\n");
  CHECK(one.size() == 16);
  CHECK(digest_of("fault: b\nsome noise\nhave a\nhave a") == one);
  SeenDigest parts;
  parts.add("fault: b\n");
  parts.add("");
  parts.add("have a\n");
  CHECK(parts.text() == one);
  CHECK(parts.lines() == 2);
}

TEST_CASE("another line is another digest", "[base][seen_digest]") {
  const std::string one = digest_of("have a\nfault: b\n");
  CHECK(digest_of("have a\n") != one);
  CHECK(digest_of("have a\nfault: c\n") != one);
  CHECK(digest_of("have a\nhave b\n") != one);
  CHECK(digest_of("have ab\n") != digest_of("have a\nhave b\n"));
  SeenDigest none;
  none.add("noise\nhaven\n");
  CHECK(none.lines() == 0);
}

}  // namespace
}  // namespace powercut
