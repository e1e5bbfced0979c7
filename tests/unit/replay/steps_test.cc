// SPDX-License-Identifier: GPL-2.0-only

#include "replay/steps.h"

#include "replay/where.h"
#include "tests/support/brute_force.h"
#include "tests/support/log_builder.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <cerrno>

namespace powercut::test {
namespace {

std::shared_ptr<const Recording> some_log() {
  History history(1, 4);
  history.mark("begun");                         // 0
  history.write({0}, 'a');                       // 1, 2
  history.complete(history.flush_begin(), EIO);  // 3, 4: not a flush that counts
  history.flush();                               // 5, 6
  history.write({1}, 'b', true);                 // 7, 8
  history.mark("again");                         // 9
  history.mark("again");                         // 10
  history.flush();                               // 11, 12
  return recorded(history);
}

TEST_CASE("a step leads to the nearest of its kind", "[replay][steps]") {
  const auto recording = some_log();
  const Steps steps(recording->timeline());
  CHECK(steps.next(StepKind::kFlush, 0) == Cut{7});
  CHECK(steps.next(StepKind::kFlush, 7) == Cut{13});
  CHECK(steps.next(StepKind::kFlush, 13) == std::nullopt);
  CHECK(steps.previous(StepKind::kFlush, 13) == Cut{7});
  CHECK(steps.previous(StepKind::kFlush, 7) == std::nullopt);
  CHECK(steps.next(StepKind::kWrite, 0) == Cut{2});
  CHECK(steps.next(StepKind::kWrite, 2) == Cut{8});
  CHECK(steps.next(StepKind::kWrite, 8) == std::nullopt);
  CHECK(steps.previous(StepKind::kWrite, 8) == Cut{2});
  CHECK(steps.next(StepKind::kFua, 0) == Cut{9});
  CHECK(steps.previous(StepKind::kFua, 9) == std::nullopt);
  CHECK(steps.next(StepKind::kMark, 1) == Cut{10});
  CHECK(steps.previous(StepKind::kMark, 10) == Cut{1});
  CHECK(steps.next(StepKind::kEvent, 12) == Cut{13});
  CHECK(steps.next(StepKind::kEvent, 13) == std::nullopt);
  CHECK(steps.previous(StepKind::kEvent, 0) == std::nullopt);
}

TEST_CASE("steps find what find_cut finds", "[replay][steps]") {
  const auto recording = some_log();
  const Timeline& timeline = recording->timeline();
  const Steps steps(timeline);
  for (const char* where : {"start", "end", "flush:0", "flush:1", "flush:2", "flush:3",
                            "flush:x", "mark:begun", "mark:again", "mark:again#2",
                            "mark:again#3", "mark:", "seq:5", "seq:13", "nowhere", ""}) {
    INFO(where);
    const Result<Cut> expected = find_cut(timeline, where);
    const Result<Cut> found = steps.find(where);
    REQUIRE(found.has_value() == expected.has_value());
    CHECK(found.value_or(0) == expected.value_or(0));
  }
}

TEST_CASE("a place has the name of what ended there", "[replay][steps]") {
  const auto recording = some_log();
  const Steps steps(recording->timeline());
  CHECK(steps.name_of(0) == "start");
  CHECK(steps.name_of(1) == "mark begun");
  CHECK(steps.name_of(2) == "write 1");
  CHECK(steps.name_of(3) == "seq 2");
  CHECK(steps.name_of(5) == "seq 4");
  CHECK(steps.name_of(7) == "flush 1");
  CHECK(steps.name_of(13) == "flush 2");
  CHECK(steps.flushes_before(6) == 0);
  CHECK(steps.flushes_before(7) == 1);
}

TEST_CASE("a time leads to the last event until then", "[replay][steps]") {
  const ScratchDir scratch;
  Format2Builder log;
  log.options().record_times = true;
  log.write(0, "a");
  log.write(4096, "b");
  log.flush();
  log.save(scratch / "log");
  const auto recording = value_or_throw(Recording::open(scratch / "log", {}));
  const Timeline& timeline = recording->timeline();
  const Steps steps(timeline);
  REQUIRE(steps.time_of(0) == std::uint64_t{0});
  CHECK(value_or_throw(steps.find("time:1000000")) == timeline.end());
  for (EventPos pos = 0; pos < timeline.end(); ++pos) {
    const std::uint64_t time = steps.time_of(pos).value();
    const Cut cut = value_or_throw(steps.find("time:" + std::to_string(time) + "ns"));
    CHECK(cut > pos);
    CHECK(steps.time_of(cut - 1) == time);
    CHECK((cut == timeline.end() || steps.time_of(cut).value() > time));
  }
  for (const char* bad : {"time:", "time:x", "time:-1", "time:1.", "time:1.x",
                          "time:99999999999999999999"}) {
    INFO(bad);
    CHECK_FALSE(steps.find(bad));
  }
}

TEST_CASE("a log without times has no place by time", "[replay][steps]") {
  const auto recording = some_log();
  const Steps steps(recording->timeline());
  CHECK(steps.time_of(0) == std::nullopt);
  const Result<Cut> cut = steps.find("time:1");
  REQUIRE_FALSE(cut);
  CHECK(cut.error().message == "this log has no times");
}

}  // namespace
}  // namespace powercut::test
