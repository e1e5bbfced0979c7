// SPDX-License-Identifier: GPL-2.0-only

#include "replay/timeline.h"

#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

#include <cerrno>

namespace powercut::test {
namespace {

using Pairs = std::vector<std::pair<WriteIndex, WriteIndex>>;

// The timeline of a history, which keeps its log.
struct Built {
  explicit Built(const History& history) : recording(recorded(history)) {}

  const Timeline* operator->() const { return &recording->timeline(); }

  Pairs overlaps() const {
    const auto pairs = recording->timeline().concurrent_overlaps();
    return {pairs.begin(), pairs.end()};
  }

  std::shared_ptr<const Recording> recording;
};

TEST_CASE("a write keeps where it was submitted and where it completed",
          "[replay][timeline]") {
  History history(1, 4);
  const Request a = history.submit({2, 2}, 'a', true);
  history.mark("in between");
  history.complete(a);
  const Built timeline(history);
  const Write& write = timeline->write(0);
  CHECK(write.submit == 0);
  CHECK(write.complete == 2);
  CHECK(write.offset_bytes == 1024);
  CHECK(write.end_bytes() == 2048);
  CHECK(write.has(kWriteFua));
  CHECK(timeline->marks()[0].text == "in between");
  CHECK(timeline->marks()[0].at == 1);
  CHECK(timeline->end() == 3);
}

TEST_CASE("what never completed says so", "[replay][timeline]") {
  History history(1, 1);
  history.submit({0}, 'a');
  history.flush_begin();
  const Built timeline(history);
  CHECK(timeline->write(0).complete == kNever);
  CHECK(timeline->flushes()[0].complete == kNever);
}

TEST_CASE("a failed flush never completes", "[replay][timeline]") {
  History history(1, 1);
  history.complete(history.flush_begin(), EIO);
  CHECK(Built(history)->flushes()[0].complete == kNever);
}

TEST_CASE("a write comes before another only if it completed before its submission",
          "[replay][timeline]") {
  History history(1, 1);
  history.write({0}, 'a');
  const Request b = history.submit({0}, 'b');
  history.write({0}, 'c');
  history.complete(b);
  const Built timeline(history);
  CHECK(timeline->ordered_before(0, 1));
  CHECK(timeline->ordered_before(0, 2));
  CHECK_FALSE(timeline->ordered_before(1, 2));
  CHECK_FALSE(timeline->ordered_before(2, 1));
  CHECK(timeline.overlaps() == Pairs{{1, 2}});
}

TEST_CASE("writes in flight together that do not meet are no pair",
          "[replay][timeline]") {
  History history(2, 4);
  history.submit({0, 2}, 'a');
  history.submit({2, 2}, 'b');
  history.submit({0, 2, 1}, 'c');
  CHECK(Built(history).overlaps().empty());
}

TEST_CASE("a long write in flight meets those behind its beginning",
          "[replay][timeline]") {
  History history(1, 64);
  history.submit({0, 64}, 'a');
  history.submit({0, 1}, 'b');
  history.submit({60, 2}, 'c');
  CHECK(Built(history).overlaps() == Pairs{{0, 1}, {0, 2}});
}

TEST_CASE("a failed write becomes a piece for each logical block", "[replay][timeline]") {
  History history(1, 16);
  history.complete(history.submit({0, 16}, 'a'), EIO);
  CHECK(Built(history)->writes().size() == 16);
  history.devices()[0].logical_block_bytes = 4096;
  const Built blocks(history);
  REQUIRE(blocks->writes().size() == 2);
  CHECK(blocks->write(1).has(kWritePiece));
  CHECK(blocks->write(1).has(kWriteFailed));
  CHECK(blocks->write(1).offset_bytes == 4096);
}

TEST_CASE("a write that changed in flight has two pieces where it changed",
          "[replay][timeline]") {
  History history(1, 2);
  history.complete_unstable(history.submit({0, 2}, 'a'), 'b');
  const Built timeline(history);
  REQUIRE(timeline->writes().size() == 4);
  CHECK(timeline->write(1).has(kWriteUnstable));
  CHECK(timeline->ordered_before(0, 1));
  CHECK_FALSE(timeline->ordered_before(1, 0));
  CHECK(timeline.overlaps().empty());
}

TEST_CASE("an unstable completion with the same bytes changes nothing",
          "[replay][timeline]") {
  History history(1, 2);
  history.complete_unstable(history.submit({0, 2}, 'a'), 'a');
  CHECK(Built(history)->writes().size() == 2);
  CHECK(Built(history)->write(1).offset_bytes == 512);
}

TEST_CASE("the granularity is the largest block that all writes are made of",
          "[replay][timeline]") {
  History history(1, 64);
  history.write({8, 8}, 'a');
  CHECK(Built(history)->granularity_bytes() == 4096);
  history.write({8, 16}, 'b');
  CHECK(Built(history)->granularity_bytes() == 4096);
  history.write({10, 2}, 'c');
  CHECK(Built(history)->granularity_bytes() == 1024);
  history.write({0, 3}, 'd');
  CHECK(Built(history)->granularity_bytes() == 512);
}

TEST_CASE("writes are found by the number of their submission", "[replay][timeline]") {
  History history(1, 2);
  history.mark("first");
  history.write({0}, 'a');
  history.complete(history.submit({0, 2}, 'b'), EIO);
  const Built timeline(history);
  CHECK(timeline->write_with_seq(1) == 0);
  CHECK(timeline->write_with_seq(3) == 1);
  CHECK(timeline->seq_of(timeline->write(2)) == 3);
  CHECK(timeline->write_with_seq(2) == kNoWrite);
  CHECK(timeline->write_with_seq(99) == kNoWrite);
}

}  // namespace
}  // namespace powercut::test
