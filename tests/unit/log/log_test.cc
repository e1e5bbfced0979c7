// SPDX-License-Identifier: GPL-2.0-only

#include "tests/unit/log/opened_log.h"

#include <catch2/catch.hpp>

namespace powercut {

TEST_CASE("a file that is no log is refused with its first bytes", "[log]") {
  ScratchDir dir;
  OpenedLog opened = open_bytes(dir, std::string(4096, '\0'));
  CHECK(opened.error.message ==
        fmt::format("cannot open log {}: bad magic 0x0 at byte 0 (expected "
                    "0x6a736677736872 or 0x32676f6c74756370)",
                    (dir / "log").string()));
}

TEST_CASE("an empty file, a short file, a directory and nothing are told apart",
          "[log]") {
  ScratchDir dir;
  CHECK(contains(open_bytes(dir, "").error.message, "it is empty"));
  CHECK(contains(open_bytes(dir, "abc").error.message,
                 "3 bytes are too few for a superblock"));
  CHECK(contains(open_log(dir / "").error.message, "it is a directory"));
  CHECK(contains(open_log(dir / "missing").error.message, "No such file or directory"));
}

TEST_CASE("a compressed log is recognised and the hint says what to do", "[log]") {
  ScratchDir dir;
  const std::pair<std::string, std::string> cases[] = {
      {"\x28\xb5\x2f\xfd....", "zstd -d"},
      {"\x1f\x8b......", "gzip -d"},
      {std::string("\xfd"
                   "7zXZ\0..",
                   8),
       "xz -d"}};
  for (const auto& [bytes, command] : cases) {
    const Error error = open_bytes(dir, bytes).error;
    CHECK(contains(error.message, "it is compressed with"));
    CHECK(contains(error.hint, "decompress it first: " + command));
  }
}

TEST_CASE("another version is refused", "[log]") {
  ScratchDir dir;
  std::string log = Format1Builder().bytes();
  log[8] = 2;
  CHECK(contains(open_bytes(dir, log).error.message, "version 2 of format 1 at byte 8"));
}

}  // namespace powercut
