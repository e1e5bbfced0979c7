// SPDX-License-Identifier: GPL-2.0-only

#include "replay/signature.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

FailingClass finding(const std::string& probe, const std::vector<std::string>& keys) {
  FailingClass failing;
  failing.checker = "ext4";
  failing.probe = probe;
  for (const std::string& key : keys) {
    failing.verdict.findings.push_back({key, "", false});
  }
  return failing;
}

TEST_CASE("numbers do not tell causes apart, codes do", "[replay][signature]") {
  CHECK(without_numbers("0x05000a ino=12 blk=4371") == "0x05000a ino=# blk=#");
  CHECK(without_numbers("/new3 at 0x") == "/new# at #x");
  CHECK(signature_of(finding("base", {"0x05000a ino=12"})) ==
        signature_of(finding("base", {"0x05000a ino=7"})));
  CHECK(signature_of(finding("base", {"0x05000a"})) !=
        signature_of(finding("base", {"0x05000b"})));
  CHECK(signature_of(finding("base", {"a", "b", "a"})) ==
        signature_of(finding("base", {"b", "a"})));
}

TEST_CASE("probes of a kind are alike, and not the base", "[replay][signature]") {
  CHECK(signature_of(finding("data:/new1+0", {"stale"})) ==
        signature_of(finding("data:/new2+4096", {"stale"})));
  CHECK(signature_of(finding("data:/new1", {"stale"})) !=
        signature_of(finding("base", {"stale"})));
  CHECK(signature_of(finding("base", {"two\nlines"})).find('\n') == std::string::npos);
}

TEST_CASE("the blame of an explained finding is part of it", "[replay][signature]") {
  FailingClass one = finding("base", {"stale"});
  FailingClass other = one;
  const std::string unexplained = signature_of(one);
  one.cause = "lost directory (never flushed)";
  other.cause = "torn directory (never flushed)";
  CHECK(signature_of(one) == unexplained + " | lost directory (never flushed)");
  CHECK(signature_of(one) != signature_of(other));
}

}  // namespace
}  // namespace powercut
