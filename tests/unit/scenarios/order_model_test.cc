// SPDX-License-Identifier: GPL-2.0-only
//
// The smallest case of a flush that covers only what had completed before it was
// submitted (docs/crash-model.md, M8): state by state.

#include "checkers/model_order.h"
#include "tests/unit/scenarios/model_bench.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

// What a state holds: "a-r" has a and the record, and not b.
std::string blocks_of(const CrashState& state) {
  std::string text;
  for (std::uint64_t block = 0; block < kOrderBlocks; ++block) {
    std::vector<std::byte> bytes(kOrderBlockBytes);
    StateView(state, 0).read(block * kOrderBlockBytes, bytes);
    const bool zeros = bytes == std::vector<std::byte>(kOrderBlockBytes);
    text += bytes == order_data(block) ? "abr"[block] : zeros ? '-' : '?';
  }
  return text;
}

std::set<std::string> states_before(const ModelBench& bench, const std::string& what) {
  const Timeline& timeline = bench.recording->timeline();
  const Flush& flush = timeline.flushes().front();
  const Cut cut = what == "flush submitted"   ? flush.submit
                  : what == "flush completed" ? flush.complete
                  : what == "record"          ? timeline.marks().front().at
                                              : timeline.end();
  std::set<std::string> states;
  for_each_state(space_at(bench.recording, with_blocks(), cut),
                 [&](const CrashState& state) { states.insert(blocks_of(state)); });
  return states;
}

using States = std::set<std::string>;

TEST_CASE("a write that completes while the flush is in flight stays pending",
          "[models][order]") {
  const ModelBench bench("order", {.fault = true});
  const States any = {"---", "a--", "-b-", "ab-"};
  CHECK(states_before(bench, "flush submitted") == any);
  CHECK(states_before(bench, "flush completed") == any);
  CHECK(states_before(bench, "record") == States{"a--", "ab-"});
  CHECK(states_before(bench, "end") == States{"a-r", "abr"});
}

TEST_CASE("a write that completed before the flush was submitted is covered",
          "[models][order]") {
  const States any = {"---", "a--", "-b-", "ab-"};
  for (const ModelOptions& options :
       {ModelOptions{}, ModelOptions{.fault = true, .order = ModelOrder::kCompletion}}) {
    const ModelBench bench("order", options);
    CHECK(states_before(bench, "flush completed") == any);
    CHECK(states_before(bench, "record") == States{"ab-"});
    CHECK(states_before(bench, "end") == States{"abr"});
  }
}

TEST_CASE("a record that counts on too early a flush is found", "[models][order]") {
  ModelBench faulty("order", {.fault = true});
  CHECK(texts_of(faulty.decide()) ==
        States{"the record says that a and b are durable, and block b has not its data"});
  CHECK(faulty.tried() > 0);
  CHECK(texts_of(faulty.decide(with_blocks(DeviceModel::kOrdered))).empty());
  ModelBench sound("order");
  CHECK(texts_of(sound.decide()).empty());
}

}  // namespace
}  // namespace powercut::test
