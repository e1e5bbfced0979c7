// SPDX-License-Identifier: GPL-2.0-only

#include "replay/lost_writes.h"

#include "tests/support/log_builder.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

std::shared_ptr<const StateSpace> space_of(const Format2Builder& log,
                                           std::uint32_t atomic_bytes = 0) {
  const ScratchDir dir;
  log.save(dir / "log");
  const auto recording = value_or_throw(Recording::open(dir / "log", {}));
  CrashModel model;
  model.atomic_bytes = atomic_bytes;
  const auto durability = std::make_shared<const Durability>(
      value_or_throw(Durability::build(recording->timeline(), model)));
  return value_or_throw(
      StateSpace::build(recording, durability, recording->timeline().end()));
}

TEST_CASE("what was lost is told by device", "[replay][lost_writes]") {
  Format2Builder log(2);
  log.devices()[0].name = "meta";
  log.devices()[1].name = "data";
  log.devices()[1].domain = 1;
  const std::uint64_t lost = log.submit_write(1, 8192, "a");
  log.complete(lost);
  const std::uint64_t kept = log.submit_write(0, 512, "b");
  log.complete(kept);
  const auto space = space_of(log);
  CrashState state = most_state(space);
  CHECK(lost_writes(state) ==
        std::vector<std::string>{"meta lost 0 of 1 pending writes",
                                 "data lost 0 of 1 pending writes"});
  state.options[space->write_of(0) == 0 ? 0 : 1] = 0;
  CHECK(lost_writes(state) ==
        std::vector<std::string>{"meta lost 0 of 1 pending writes",
                                 "data lost 1 of 1 pending writes: " +
                                     std::to_string(lost) + " (512 bytes at 8192)"});
}

TEST_CASE("states by units name the writes too", "[replay][lost_writes]") {
  Format2Builder log(2);
  log.devices()[0].name = "meta";
  log.devices()[1].name = "data";
  log.devices()[1].domain = 1;
  const std::uint64_t older = log.submit_write(1, 0, std::string(4096, 'o'));
  log.complete(older);
  const std::uint64_t newer = log.submit_write(1, 0, std::string(8192, 'n'));
  log.complete(newer);
  const auto space = space_of(log, 4096);
  REQUIRE(space->variable_count() == 2);
  CHECK(lost_writes(most_state(space)) ==
        std::vector<std::string>{"data lost 0 of 2 pending writes"});
  const std::string first = std::to_string(older) + " (4096 bytes at 0)";
  const std::string second = std::to_string(newer) + " (8192 bytes at 0)";
  CHECK(lost_writes(least_state(space)) ==
        std::vector<std::string>{"data lost 2 of 2 pending writes: " + first + ", " +
                                 second});
  // The second of its units: torn, and so lost. The older one cannot be seen then.
  CrashState torn = most_state(space);
  torn.options[number_of(space->unit_of(0)) == 1 ? 0 : 1] = 0;
  CHECK(lost_writes(torn) ==
        std::vector<std::string>{"data lost 1 of 2 pending writes: " + second});
}

TEST_CASE("of one device the id of a state says what it lost", "[replay][lost_writes]") {
  Format2Builder log;
  log.write(0, "a");
  CHECK(lost_writes(least_state(space_of(log))).empty());
}

TEST_CASE("only the first lost writes are named", "[replay][lost_writes]") {
  Format2Builder log(2);
  log.devices()[1].domain = 1;
  for (std::uint64_t i = 0; i < 9; ++i) {
    log.complete(log.submit_write(1, 4096 * i, "a"));
  }
  const std::vector<std::string> lines = lost_writes(least_state(space_of(log)));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("lost 9 of 9 pending writes") != std::string::npos);
  CHECK(lines[0].ends_with(", ..."));
}

}  // namespace
}  // namespace powercut::test
