// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/e2fsck_log.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

// As e2fsck 1.47 writes it.
constexpr const char* kLog =
    R"(<?xml version="1.0" encoding="utf-8"?>
<problem_log time="1795229648">
<invocation prog="e2fsck" arg1="-fy" arg2="b.img"/>
<filesystem dev="b.img" uuid="15297211-9914-443c-bc98-575d93f6aa01"/>
<header code="0x010000"/>
<problem code="0x040003" answer="1" fixed="1" ino="12" num="1"/>
<header code="0x050000"/>
<problem code="0x050003" answer="1" blk="1330"/>
<problem code="0x050006" answer="1" fixed="1"/>
</problem_log>
)";

TEST_CASE("problems are read with what they are about", "[checkers][e2fsck_log]") {
  const E2fsckLog log = parse_e2fsck_log(kLog);
  REQUIRE(log.problems.size() == 3);
  CHECK(log.problems[0].code == "0x040003");
  CHECK(log.problems[0].arguments == "ino=12 num=1");
  CHECK(log.problems[0].fixed);
  CHECK(log.problems[0].key() == "0x040003 ino=12 num=1");
  CHECK(log.problems[0].summary() == "e2fsck problem 0x040003 ino=12 num=1");
  CHECK_FALSE(log.problems[1].fixed);
  CHECK(log.problems[2].key() == "0x050006");
}

TEST_CASE("a log without problems has none", "[checkers][e2fsck_log]") {
  CHECK(parse_e2fsck_log("").problems.empty());
  CHECK(parse_e2fsck_log("<problem_log time=\"1\">\n</problem_log>").problems.empty());
}

TEST_CASE("a log cut anywhere gives the whole problems before the cut",
          "[checkers][e2fsck_log]") {
  const std::string whole = kLog;
  std::size_t most = 0;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const E2fsckLog log = parse_e2fsck_log(whole.substr(0, length));
    REQUIRE(log.problems.size() >= most);
    most = log.problems.size();
    for (const E2fsckProblem& problem : log.problems) {
      REQUIRE(problem.code.size() == 8);
    }
  }
  CHECK(most == 3);
}

TEST_CASE("an absent log has no problems", "[checkers][e2fsck_log]") {
  CHECK(read_e2fsck_log("/nonexistent/problems.log").problems.empty());
}

TEST_CASE("the first complaint is the first line that is no progress",
          "[checkers][e2fsck_log]") {
  CHECK(first_complaint("e2fsck 1.47.0 (5-Feb-2023)\ndisk: recovering journal\n"
                        "Pass 1: Checking inodes, blocks, and sizes\n"
                        "Inode 12 ref count is 5, should be 1.  Fix? yes\n\n") ==
        "Inode 12 ref count is 5, should be 1.  Fix? yes");
  CHECK(first_complaint("Pass 1: Checking inodes\nno line end") == "no line end");
}

TEST_CASE("lazily updated counts and orphans are no complaint",
          "[checkers][e2fsck_log]") {
  CHECK(first_complaint("Clearing orphaned inode 12 (uid=0)\n"
                        "Free blocks count wrong (7, counted=2765).\nFix? yes\n\n"
                        "Free inodes count wrong (7, counted=9).\nFix? yes\n") == "");
  CHECK(first_complaint("") == "");
}

TEST_CASE("wrong counts of a group are a complaint", "[checkers][e2fsck_log]") {
  CHECK(first_complaint("Free blocks count wrong for group #0 (1, counted=2).\n") ==
        "Free blocks count wrong for group #0 (1, counted=2).");
}

}  // namespace
}  // namespace powercut
