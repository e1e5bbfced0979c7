// SPDX-License-Identifier: GPL-2.0-only
//
// The decision tree against brute force: every permitted state is run for real, and must
// be told what the tree told of its class.

#include "tests/support/brute_force.h"

#include "tests/support/footprint_reader.h"
#include "tests/support/random_history.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

constexpr std::uint64_t kSectors = 8;

std::shared_ptr<const Recording> random_recording(std::uint64_t seed) {
  Random random(seed);
  return recorded(random_history(random, {.sectors = kSectors, .writes = 6}));
}

// Decides each window that brute force can, by tree and by force; returns how many
// states that were.
std::uint64_t compare(const std::shared_ptr<const Recording>& recording,
                      const CrashModel& model, FakeProbe probe) {
  constexpr std::uint64_t kMostStates = 600;
  const auto durable = durability(*recording, model);
  FakeRunner runner(std::move(probe));
  RunBook book(runner);
  Explorer explorer(recording, book, {});
  std::uint64_t states = 0;
  for (const Window& window :
       list_windows(recording->timeline(), *durable, 0, recording->timeline().end())) {
    const auto space = StateSpace::build(recording, durable, window.cut);
    if (!space || (*space)->state_count() > kMostStates) {
      continue;
    }
    const Certificate certificate = value_or_throw(explorer.explore(durable, {window}));
    const BruteForce forced = brute_force(*space, runner, &book);
    REQUIRE(certificate.complete());
    REQUIRE(certificate.states_permitted == forced.states);
    REQUIRE(forced.disagreements == std::vector<std::string>{});
    REQUIRE(verdicts_of(certificate) == forced.verdicts);
    states += forced.states;
  }
  return states;
}

// The same over random histories.
std::uint64_t compare_all(std::uint64_t histories, const CrashModel& model,
                          const FakeProbe& probe) {
  std::uint64_t states = 0;
  for (std::uint64_t seed = 0; seed < histories; ++seed) {
    INFO("seed " << seed);
    states += compare(random_recording(seed), model, probe);
  }
  return states;
}

Verdict chain(FootprintReader& reader) {
  return follow_chain(reader, kSectors);
}

// Reads one half of the disk or the other, as the first sector says, and complains of
// the letters there by their order.
Verdict two_halves(FootprintReader& reader) {
  const std::uint64_t from = reader.sector(0) < 'c' ? 1 : kSectors / 2;
  char least = '.';
  for (std::uint64_t i = from; i < from + 3; ++i) {
    const char letter = reader.sector(i);
    if (letter != '.' && letter < least) {
      return found(std::string("falls at ") + letter);
    }
    least = std::max(least, letter);
  }
  return clean();
}

TEST_CASE("whole writes: tree and brute force agree on every state",
          "[replay][brute_force]") {
  CHECK(compare_all(60, {}, &chain) > 2000);
  CHECK(compare_all(60, {}, &two_halves) > 2000);
}

TEST_CASE("units of 512 and 4096 bytes: tree and brute force agree on every state",
          "[replay][brute_force]") {
  CrashModel model;
  for (const std::uint32_t bytes : {512U, 1024U, 4096U}) {
    model.atomic_bytes = bytes;
    CHECK(compare_all(30, model, &chain) > 500);
  }
}

TEST_CASE("under faults: tree and brute force agree on every state",
          "[replay][brute_force]") {
  for (const char* fault : {"corrupt", "ignore-flush:all", "ignore-fua"}) {
    CrashModel model;
    model.fault = value_or_throw(parse_fault(fault));
    CHECK(compare_all(30, model, &chain) > 500);
  }
}

TEST_CASE("two devices: tree and brute force agree on every state",
          "[replay][brute_force]") {
  const FakeProbe across = [](FootprintReader& reader) {
    const char first = reader.sector(0, 0);
    const char second = reader.sector(first == '.' ? 1 : 2, 1);
    return first < second ? found(std::string{first, second}) : clean();
  };
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    compare(recorded(random_history(random, {.devices = 2, .writes = 6})), {}, across);
  }
}

TEST_CASE("with two probes each has the verdict of brute force",
          "[replay][brute_force]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Random random(seed);
    const History history = random_history(random, {.sectors = kSectors});
    const auto recording = recorded(history);
    const auto durable = durability(*recording, {});
    const auto space = StateSpace::build(recording, durable, history.now());
    if (!space || (*space)->state_count() > 600) {
      continue;
    }
    FakeRunner runner({&chain, &two_halves, [](FootprintReader& reader) {
                         return reader.sector(5) == '.' ? clean() : found("5");
                       }});
    RunBook book(runner);
    Explorer explorer(recording, book, {});
    const auto certificate = explorer.explore(durable, {{0, history.now()}});
    REQUIRE(value_or_throw(certificate).complete());
    CHECK(brute_force(*space, runner, &book).disagreements == std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace powercut::test
