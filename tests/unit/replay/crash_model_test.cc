// SPDX-License-Identifier: GPL-2.0-only
//
// Rule by rule: what is durable, what is pending, what is impossible.

#include "replay/crash_model.h"

#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

#include <cerrno>

namespace powercut::test {
namespace {

using States = std::set<std::string>;

CrashModel with_device(DeviceModel device) {
  CrashModel model;
  model.device = device;
  return model;
}

TEST_CASE("a completed write is pending until a flush", "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a');
  CHECK(states_at(history, {}, history.now()) == States{".", "a"});
  history.flush();
  CHECK(states_at(history, {}, history.now() - 1) == States{".", "a"});
  CHECK(states_at(history, {}, history.now()) == States{"a"});
}

TEST_CASE("a write submitted after the cut is impossible", "[replay][crash_model]") {
  History history(1, 1);
  const Cut before = history.now();
  history.write({0}, 'a');
  CHECK(states_at(history, {}, before) == States{"."});
}

TEST_CASE("a write that never completed stays pending", "[replay][crash_model]") {
  History history(1, 1);
  history.submit({0}, 'a');
  history.flush();
  CHECK(states_at(history, {}, history.now()) == States{".", "a"});
}

TEST_CASE("a FUA write is durable when it completes, not before",
          "[replay][crash_model]") {
  History history(1, 1);
  const Request fua = history.submit({0}, 'a', true);
  CHECK(states_at(history, {}, history.now()) == States{".", "a"});
  history.complete(fua);
  CHECK(states_at(history, {}, history.now()) == States{"a"});
}

TEST_CASE("FUA is no barrier for other writes", "[replay][crash_model]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.write({1}, 'b', true);
  CHECK(states_at(history, {}, history.now()) == States{".b", "ab"});
}

TEST_CASE("a flush covers only writes completed before its submission",
          "[replay][crash_model]") {
  History history(1, 2);
  const Request late = history.submit({1}, 'b');
  history.write({0}, 'a');
  const Request flush = history.flush_begin();
  history.complete(late);
  history.complete(flush);
  CHECK(states_at(history, {}, history.now()) == States{"a.", "ab"});
}

TEST_CASE("a write in flight across a flush may be there alone before it completes",
          "[replay][crash_model]") {
  History history(1, 2);
  const Request a = history.submit({0}, 'a');
  const Request b = history.submit({1}, 'b');
  history.complete(a);
  const Request flush = history.flush_begin();
  history.complete(b);
  CHECK(states_at(history, {}, history.now()) == States{"..", "a.", ".b", "ab"});
  history.complete(flush);
  CHECK(states_at(history, {}, history.now()) == States{"a.", "ab"});
}

TEST_CASE("a failed flush covers nothing", "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.complete(history.flush_begin(), EIO);
  CHECK(states_at(history, {}, history.now()) == States{".", "a"});
}

TEST_CASE("a flush that never completed covers nothing", "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.flush_begin();
  CHECK(states_at(history, {}, history.now()) == States{".", "a"});
}

TEST_CASE("a later flush that completes first makes durable what both cover",
          "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a');
  const Request slow = history.flush_begin();
  history.flush();
  CHECK(states_at(history, {}, history.now()) == States{"a"});
  history.complete(slow);
  CHECK(states_at(history, {}, 4) == States{".", "a"});
  CHECK(states_at(history, {}, 5) == States{"a"});
}

TEST_CASE("a failed write is old or new sector by sector, whatever is flushed",
          "[replay][crash_model]") {
  History history(1, 2);
  history.complete(history.submit({0, 2}, 'a', true), EIO);
  history.flush();
  CHECK(states_at(history, {}, history.now()) == States{"..", "a.", ".a", "aa"});
}

TEST_CASE("a write over a failed one ends the doubt", "[replay][crash_model]") {
  History history(1, 2);
  history.complete(history.submit({0, 2}, 'a'), EIO);
  history.write({0, 1}, 'b');
  history.flush();
  CHECK(states_at(history, {}, history.now()) == States{"b.", "ba"});
}

TEST_CASE("a write that changed in flight leaves either version of each sector",
          "[replay][crash_model]") {
  History history(1, 2);
  history.complete_unstable(history.submit({0, 2}, 'a'), 'b');
  history.flush();
  CHECK(states_at(history, {}, history.now()) == States{"aa", "ab", "ba", "bb"});
}

TEST_CASE("a device that writes through needs no flush", "[replay][crash_model]") {
  History history(1, 2);
  history.write({0}, 'a');
  history.submit({1}, 'b');
  CHECK(states_at(history, with_device(DeviceModel::kWriteThrough), history.now()) ==
        States{"a.", "ab"});
}

TEST_CASE("a device without a write cache needs no flush", "[replay][crash_model]") {
  History history(2, 1);
  history.devices()[0].write_cache = false;
  history.write({0, 1, 0}, 'a');
  history.write({0, 1, 1}, 'b');
  CHECK(states_at(history, {}, history.now()) == States{"a|.", "a|b"});
}

TEST_CASE("an ordered device leaves prefixes, in order of completion",
          "[replay][crash_model]") {
  History history(1, 2);
  const Request a = history.submit({0, 2}, 'a');
  history.write({0}, 'b');
  history.complete(a);
  const CrashModel ordered = with_device(DeviceModel::kOrdered);
  CHECK(states_at(history, ordered, 2) == States{".."});
  CHECK(states_at(history, ordered, 3) == States{"b."});
  CHECK(states_at(history, ordered, 4) == States{"aa"});
}

TEST_CASE("a discard is kept, zeroed or either, as the policy says",
          "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.flush();
  history.discard({0});
  history.flush();
  CrashModel model;
  model.discard = DiscardPolicy::kKeep;
  CHECK(states_at(history, model, history.now()) == States{"a"});
  model.discard = DiscardPolicy::kZero;
  CHECK(states_at(history, model, history.now()) == States{"."});
  model.discard = DiscardPolicy::kEither;
  CHECK(states_at(history, model, history.now()) == States{".", "a"});
}

TEST_CASE("by default a discard does what the recorded device said",
          "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.discard({0});
  history.flush();
  CHECK(states_at(history, {}, history.now()) == States{".", "a"});
  history.devices()[0].discard_zeroes = true;
  CHECK(states_at(history, {}, history.now()) == States{"."});
}

TEST_CASE("a discard is in doubt until it is overwritten", "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.discard({0});
  history.write({0}, 'b');
  history.flush();
  CHECK(states_at(history, {}, history.now()) == States{"b"});
}

TEST_CASE("write-zeroes is a write of zeros, whatever the discard policy",
          "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.flush();
  history.complete(history.submit_zeroes({0}));
  CrashModel keep;
  keep.discard = DiscardPolicy::kKeep;
  CHECK(states_at(history, keep, history.now()) == States{".", "a"});
  history.flush();
  CHECK(states_at(history, keep, history.now()) == States{"."});
}

TEST_CASE("two devices are cut at one instant and lose independently",
          "[replay][crash_model]") {
  History history(2, 1);
  history.write({0, 1, 0}, 'a');
  history.write({0, 1, 1}, 'b');
  CHECK(states_at(history, {}, history.now()) == States{".|.", "a|.", ".|b", "a|b"});
  history.flush(1);
  CHECK(states_at(history, {}, history.now()) == States{".|b", "a|b"});
}

TEST_CASE("two devices of one domain share its flushes", "[replay][crash_model]") {
  History history(2, 1);
  history.devices()[1].domain = 0;
  history.write({0, 1, 0}, 'a');
  history.write({0, 1, 1}, 'b');
  history.flush(1);
  CHECK(states_at(history, {}, history.now()) == States{"a|b"});
}

TEST_CASE("marks change no state", "[replay][crash_model]") {
  History history(1, 1);
  history.write({0}, 'a');
  history.mark("written");
  CHECK(states_at(history, {}, history.now()) == States{".", "a"});
}

TEST_CASE("pending writes are listed across many that are durable",
          "[replay][crash_model]") {
  History history(1, 4);
  history.submit({3}, 'x');
  for (int i = 0; i < 1500; ++i) {
    history.write({0}, 'a');
  }
  history.flush();
  const Cut flushed = history.now();
  history.write({1}, 'b');
  const auto recording = recorded(history);
  const auto durable = durability(*recording, {});
  CHECK(durable->pending(recording->timeline(), flushed) == std::vector<WriteIndex>{0});
  CHECK(durable->pending(recording->timeline(), history.now()) ==
        std::vector<WriteIndex>{0, 1501});
}

}  // namespace
}  // namespace powercut::test
