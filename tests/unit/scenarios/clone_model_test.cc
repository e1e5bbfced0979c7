// SPDX-License-Identifier: GPL-2.0-only
//
// Exploration of two devices: what one has committed, the other may not have flushed.

#include "checkers/model_clone_format.h"
#include "tests/support/log_builder.h"
#include "tests/unit/scenarios/model_bench.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

constexpr std::uint64_t kSeeds = 6;

// What a state has on a device.
std::vector<std::byte> bytes_of(const CrashState& state, std::uint16_t device,
                                std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  std::vector<std::byte> bytes(length_bytes);
  StateView(state, device).read(offset_bytes, bytes);
  return bytes;
}

// The last superblock that had been submitted by then is durable, and is in the state.
bool newest_superblock_durable(const ModelBench& bench, const CrashState& state) {
  const Timeline& timeline = bench.recording->timeline();
  const auto durable = durability(*bench.recording, state.space->model());
  WriteIndex newest = kNoWrite;
  for (WriteIndex i = 0; i < timeline.writes().size(); ++i) {
    const Write& write = timeline.write(i);
    if (write.device == kCloneMeta && write.offset_bytes == 0 &&
        write.submit < state.space->cut()) {
      newest = i;
    }
  }
  const auto held = bytes_of(state, kCloneMeta, 0, kCloneBlockBytes);
  const auto written = timeline.data(timeline.write(newest), 0, kCloneBlockBytes);
  return durable->durable(newest, state.space->cut()) &&
         std::equal(held.begin(), held.end(), written.begin(), written.end());
}

// The block is not as the newest write left it, which power may have lost.
bool lost_a_write(const CrashState& state, std::uint64_t block) {
  for (Variable v = 0; v < state.space->variable_count(); ++v) {
    const UnitKey unit = state.space->unit_of(v);
    if (device_of(unit) == kCloneDest && number_of(unit) == block &&
        state.options[v] != state.space->most(v)) {
      return true;
    }
  }
  return false;
}

TEST_CASE("a clone that commits metadata before it flushes the destination is found",
          "[models][clone]") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    ModelBench bench("clone", {.fault = true, .seed = seed});
    const CrashModel model = with_blocks();
    const Certificate certificate = bench.decide(model);
    CHECK(certificate.complete());
    CHECK(bench.tried() > 0);
    REQUIRE(!certificate.findings.empty());
    for (const FailingClass& failing : certificate.findings) {
      CAPTURE(failing.state_id, failing.probe, failing.verdict.summary());
      CHECK(failing.verdict.findings.at(0).summary.find("holds poison") !=
            std::string::npos);
      const CrashState state = state_of(bench, failing, model);
      CHECK(newest_superblock_durable(bench, state));
      const std::size_t number = failing.probe.rfind(' ') + 1;
      CHECK(lost_a_write(state, std::stoull(failing.probe.substr(number))));
    }
  }
}

TEST_CASE("a clone that flushes the destination first is clean in every state",
          "[models][clone]") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    ModelBench bench("clone", {.seed = seed});
    const Certificate certificate = bench.decide();
    CHECK(certificate.complete());
    CHECK(texts_of(certificate).empty());
    CHECK(certificate.states_permitted > 1000);
    CHECK(bench.tried() > 0);
  }
}

TEST_CASE("torn into quarters of a block, a sound clone is clean too",
          "[models][clone]") {
  ModelBench bench("clone");
  CrashModel model;
  model.atomic_bytes = 1024;
  const Certificate certificate = bench.decide(model);
  CHECK(certificate.complete());
  CHECK(texts_of(certificate).empty());
}

TEST_CASE("one cache for both devices hides the clone's fault", "[models][clone]") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    ModelBench bench("clone", {.fault = true, .shared_domain = true, .seed = seed});
    const Certificate certificate = bench.decide();
    CHECK(certificate.complete());
    CHECK(texts_of(certificate).empty());
  }
}

TEST_CASE("prefixes of completions do not show the clone's fault", "[models][clone]") {
  for (const DeviceModel device : {DeviceModel::kOrdered, DeviceModel::kWriteThrough}) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      CAPTURE(to_string(device), seed);
      ModelBench bench("clone", {.fault = true, .seed = seed});
      const Certificate certificate = bench.decide(with_blocks(device));
      CHECK(certificate.complete());
      CHECK(texts_of(certificate).empty());
    }
  }
}

TEST_CASE("what a user of the clone flushed is there, unless flushes are lies",
          "[models][clone]") {
  ModelBench bench("clone");
  const Certificate sound = bench.decide(with_blocks(), true);
  CHECK(sound.complete());
  CHECK(texts_of(sound).empty());
  CrashModel liar = with_blocks();
  liar.fault.kind = FaultModel::Kind::kIgnoreFlush;
  const std::set<std::string> texts = texts_of(bench.decide(liar, true));
  CHECK(some_contain(texts, "was acknowledged and is not there"));
  CHECK(some_contain(texts, "of the bitmap, which is not there"));
}

TEST_CASE("the same options make the same log", "[models][clone]") {
  const auto text = [](const ModelOptions& options) {
    const ModelBench bench("clone", options);
    return read_file(bench.log());
  };
  CHECK(text({}) == text({}));
  CHECK(text({}) != text({.seed = 2}));
  CHECK(text({}) != text({.fault = true}));
}

}  // namespace
}  // namespace powercut::test
