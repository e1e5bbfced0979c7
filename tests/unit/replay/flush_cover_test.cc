// SPDX-License-Identifier: GPL-2.0-only

#include "replay/flush_cover.h"

#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

using Why = FlushCover::Why;

FlushCover cover_of(const History& history, WriteIndex write, Cut cut,
                    const CrashModel& model = {}) {
  return flush_cover(recorded(history)->timeline(), model, write, cut);
}

TEST_CASE("the flush that comes too late is named", "[replay][flush_cover]") {
  History history(1, 4);
  history.flush();
  history.write({0}, 'a');
  const Cut cut = history.now();
  history.flush();
  const FlushCover cover = cover_of(history, 0, cut);
  CHECK(cover.why == Why::kLater);
  CHECK(cover.number == 2);
  CHECK(cover_of(history, 0, cut + 1).why == Why::kSent);
}

TEST_CASE("a flush covers what was complete when it was sent", "[replay][flush_cover]") {
  History history(1, 4);
  const Request write = history.submit({0}, 'a');
  CHECK(cover_of(history, 0, history.now()).why == Why::kInFlight);
  history.flush();
  CHECK(cover_of(history, 0, history.now()).why == Why::kTooEarly);
  history.complete(write);
  const FlushCover cover = cover_of(history, 0, history.now());
  CHECK(cover.why == Why::kTooEarly);
  CHECK(cover.number == 1);
}

TEST_CASE("nothing follows", "[replay][flush_cover]") {
  History history(2, 4);
  history.devices()[1].domain = 1;
  history.write({0}, 'a');
  CHECK(cover_of(history, 0, history.now()).why == Why::kNone);
  history.flush(1);  // of another disk
  CHECK(cover_of(history, 0, history.now()).why == Why::kNone);
  history.flush(0);
  const FlushCover cover = cover_of(history, 0, 2);
  CHECK(cover.why == Why::kLater);
  CHECK(cover.number == 2);
}

TEST_CASE("a flush that the fault ignores", "[replay][flush_cover]") {
  History history(1, 4);
  history.write({0}, 'a');
  history.flush();
  CrashModel model;
  model.fault = FaultModel{FaultModel::Kind::kIgnoreFlush, 1};
  CHECK(cover_of(history, 0, history.now(), model).why == Why::kIgnored);
  model.fault.number = 0;
  CHECK(cover_of(history, 0, history.now(), model).why == Why::kIgnored);
  model.fault = FaultModel{FaultModel::Kind::kLostWrite, 0};
  CHECK(cover_of(history, 0, history.now(), model).why == Why::kUncovered);
}

TEST_CASE("a flush that never completed has no number", "[replay][flush_cover]") {
  History history(1, 4);
  history.write({0}, 'a');
  history.flush_begin();
  const FlushCover cover = cover_of(history, 0, history.now());
  CHECK(cover.why == Why::kSent);
  CHECK(cover.number == 0);
}

}  // namespace
}  // namespace powercut::test
