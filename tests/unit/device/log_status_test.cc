// SPDX-License-Identifier: GPL-2.0-only

#include "device/log_status.h"

#include "base/random.h"

#include <catch2/catch.hpp>

#include <string>

namespace powercut {
namespace {

constexpr const char* kWhole =
    "108 9100 format 2 bytes 4659200 free 263776256 seq 230 queued 3 memory 4096 "
    "33554432 errors 1 unstable 2 state logging power drop";

TEST_CASE("the status of upstream's target is read", "[device][log_status]") {
  const LogStatus status = value_or_throw(parse_log_status("108 9100"));
  CHECK(status.entries == 108);
  CHECK(status.next_sector == 9100);
  CHECK(status.format == 1);
  CHECK(status.state == LogTargetState::kLogging);
  CHECK(value_or_throw(parse_log_status("5 60 logging_disabled")).state ==
        LogTargetState::kFailed);
}

TEST_CASE("the status of our target is read", "[device][log_status]") {
  const LogStatus status = value_or_throw(parse_log_status(kWhole));
  CHECK(status.entries == 108);
  CHECK(status.next_sector == 9100);
  CHECK(status.format == 2);
  CHECK(status.used_bytes == 4659200);
  CHECK(status.free_bytes == 263776256);
  CHECK(status.next_seq == 230);
  CHECK(status.queued == 3);
  CHECK(status.memory_bytes == 4096);
  CHECK(status.memory_limit_bytes == 33554432);
  CHECK(status.errors == 1);
  CHECK(status.unstable == 2);
  CHECK(status.state == LogTargetState::kLogging);
  CHECK(status.power == LogTargetPower::kDrop);
}

TEST_CASE("every state of the target has a name", "[device][log_status]") {
  for (const char* name : {"idle", "logging", "full", "stopped", "failed"}) {
    const std::string text = std::string("0 0 state ") + name;
    CHECK(to_string(value_or_throw(parse_log_status(text)).state) == name);
  }
}

TEST_CASE("a field of a later version is passed over", "[device][log_status]") {
  const LogStatus status =
      value_or_throw(parse_log_status("1 2 format 2 colour blue state full"));
  CHECK(status.state == LogTargetState::kFull);
}

TEST_CASE("a status that makes no sense is an error", "[device][log_status]") {
  for (const char* text : {
           "",
           " ",
           "1",
           "x 1",
           "1 x",
           "-1 2",
           "1 2x",
           "18446744073709551616 1",
           "1 2 logging_disable",
           "1 2 format",
           "1 2 format 99999999999",
           "1 2 bytes -4",
           "1 2 memory 5",
           "1 2 memory 5 x",
           "1 2 state",
           "1 2 state asleep",
           "1 2 power off",
           "1 2 seq 0x10",
           "a b c d e f g",
       }) {
    INFO(text);
    const Result<LogStatus> status = parse_log_status(text);
    REQUIRE_FALSE(status);
    CHECK(status.error().message.find("log-writes") != std::string::npos);
  }
}

TEST_CASE("a hostile status is read or refused, never more", "[device][log_status]") {
  Random random(1);
  const std::string whole = kWhole;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    [[maybe_unused]] const auto ignored = parse_log_status(whole.substr(0, length));
  }
  for (int round = 0; round < 20000; ++round) {
    std::string text = whole;
    for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    if (const Result<LogStatus> status = parse_log_status(text); !status) {
      CHECK(status.error().message.size() < 300);
    }
  }
}

}  // namespace
}  // namespace powercut
