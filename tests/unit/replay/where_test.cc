// SPDX-License-Identifier: GPL-2.0-only

#include "replay/where.h"

#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

#include <cerrno>

namespace powercut::test {
namespace {

std::shared_ptr<const Recording> some_log() {
  History history(1, 1);
  history.mark("start of it");                   // 0
  history.write({0}, 'a');                       // 1, 2
  history.complete(history.flush_begin(), EIO);  // 3, 4
  history.flush();                               // 5, 6
  history.mark("again");                         // 7
  history.mark("again");                         // 8
  history.mark("odd#1");                         // 9
  return recorded(history);
}

Cut at(const std::string& where) {
  return value_or_throw(find_cut(some_log()->timeline(), where));
}

std::string error_of(const std::string& where) {
  const auto cut = find_cut(some_log()->timeline(), where);
  REQUIRE_FALSE(cut);
  CHECK(cut.error().kind == ErrorKind::kUsage);
  return cut.error().message + "\n" + cut.error().hint;
}

TEST_CASE("start is before everything, end after it", "[replay][where]") {
  CHECK(at("start") == 0);
  CHECK(at("end") == 10);
}

TEST_CASE("a mark is the instant right after it", "[replay][where]") {
  CHECK(at("mark:start of it") == 1);
}

TEST_CASE("a mark that occurs twice is named by its turn", "[replay][where]") {
  CHECK(at("mark:again") == 8);
  CHECK(at("mark:again#1") == 8);
  CHECK(at("mark:again#2") == 9);
  CHECK(at("mark:odd#1") == 10);
}

TEST_CASE("flushes count from 1 over those that succeeded", "[replay][where]") {
  CHECK(at("flush:1") == 7);
}

TEST_CASE("events count from 0", "[replay][where]") {
  CHECK(at("seq:0") == 1);
  CHECK(at("entry:9") == 10);
}

TEST_CASE("a place that is not there is refused with what there is", "[replay][where]") {
  CHECK(error_of("mark:lost").find("start of it, again") != std::string::npos);
  CHECK(error_of("mark:again#3").find("no mark") != std::string::npos);
  CHECK(error_of("flush:2").find("1 completed flush") != std::string::npos);
  CHECK(error_of("flush:0").find("no flush 0") != std::string::npos);
  CHECK(error_of("seq:10").find("10") != std::string::npos);
  for (const char* where : {"", "mark", "seq:", "seq:x", "seq:-1", "seq:1x", "END"}) {
    INFO(where);
    CHECK_FALSE(error_of(where).empty());
  }
}

TEST_CASE("a log without marks says so", "[replay][where]") {
  const auto recording = recorded(History(1, 1));
  const auto cut = find_cut(recording->timeline(), "mark:x");
  REQUIRE_FALSE(cut);
  CHECK(cut.error().hint == "the log has no marks");
}

}  // namespace
}  // namespace powercut::test
