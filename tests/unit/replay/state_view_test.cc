// SPDX-License-Identifier: GPL-2.0-only

#include "replay/state_view.h"

#include "base/random.h"
#include "tests/support/brute_force.h"
#include "tests/support/log_builder.h"
#include "tests/support/random_history.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

std::string read(const BlockSource& view, std::uint64_t offset, std::size_t length) {
  std::string bytes(length, '!');
  view.read(offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::shared_ptr<const Recording> over_image(const History& history,
                                            const std::filesystem::path& image) {
  RecordingOptions options;
  options.bases = {image};
  return value_or_throw(Recording::make(history.log(), options));
}

TEST_CASE("a view has the size of its device", "[replay][state_view]") {
  const auto recording = recorded(History(1, 7));
  CHECK(linear_view(recording, 0, 0)->size_bytes() == 7 * 512);
}

TEST_CASE("reads of any offset and length give the same bytes", "[replay][state_view]") {
  Random random(3);
  const History history = random_history(random, {.sectors = 16, .writes = 8});
  const auto space = space_at(recorded(history), {}, history.now());
  const StateView view(random_state(space, random), 0);
  const std::string all = read(view, 0, 16 * 512);
  for (int i = 0; i < 500; ++i) {
    const std::size_t offset = random.below(all.size());
    const std::size_t length = random.below(all.size() - offset + 1);
    REQUIRE(read(view, offset, length) == all.substr(offset, length));
  }
}

TEST_CASE("the linear view is what had completed, in order of completion",
          "[replay][state_view]") {
  History history(1, 2);
  const Request a = history.submit({0, 2}, 'a');
  history.write({0}, 'b');
  history.complete(a);
  history.discard({1});
  const auto recording = recorded(history);
  const auto letters = [&](Cut cut) {
    return letters_of(read(*linear_view(recording, cut, 0), 0, 1024));
  };
  CHECK(letters(1) == "..");
  CHECK(letters(3) == "b.");
  CHECK(letters(4) == "aa");
  CHECK(letters(history.now()) == "a.");
}

TEST_CASE("what nobody wrote is the image the log began with", "[replay][state_view]") {
  const ScratchDir dir;
  write_file(dir / "base", sector_bytes(0, 3, 'x'));
  History history(1, 3);
  history.write({1}, 'a');
  const auto recording = over_image(history, dir / "base");
  CHECK(states_at(recording, {}, history.now()) == std::set<std::string>{"xxx", "xax"});
}

TEST_CASE("a device larger than its image ends in zeros", "[replay][state_view]") {
  const ScratchDir dir;
  write_file(dir / "base", sector_bytes(0, 1, 'x') + "tail");
  const auto recording = over_image(History(1, 3), dir / "base");
  CHECK(letters_of(read(*linear_view(recording, 0, 0), 0, 512)) == "x");
  CHECK(read(*linear_view(recording, 0, 0), 512, 1024) ==
        "tail" + std::string(1020, '\0'));
}

TEST_CASE("the last part of a device that is not made of units can be read",
          "[replay][state_view]") {
  const ScratchDir dir;
  write_file(dir / "base", sector_bytes(0, 9, 'x'));
  History history(1, 9);
  history.write({0, 8}, 'a');
  const auto recording = over_image(history, dir / "base");
  REQUIRE(recording->timeline().granularity_bytes() == 4096);
  CHECK(states_at(recording, {}, history.now()) ==
        std::set<std::string>{"xxxxxxxxx", "aaaaaaaax"});
}

TEST_CASE("garbage is the same at every reading and differs by unit",
          "[replay][state_view]") {
  History history(1, 2);
  history.write({0, 2}, 'a');
  CrashModel corrupt;
  corrupt.fault = value_or_throw(parse_fault("corrupt"));
  corrupt.atomic_bytes = 512;
  const auto space = space_at(recorded(history), corrupt, history.now());
  const StateView view(
      value_or_throw(state_from_id(space, "c2.512.all:d0u0=garbage:d0u1=garbage")), 0);
  const std::string bytes = read(view, 0, 1024);
  CHECK(read(view, 100, 600) == bytes.substr(100, 600));
  CHECK(bytes.substr(0, 512) != bytes.substr(512));
  CHECK(bytes.find('\0') == std::string::npos);
}

TEST_CASE("an image that the log was not recorded over is refused",
          "[replay][state_view]") {
  const ScratchDir dir;
  write_file(dir / "base", sector_bytes(0, 1, 'x'));
  History history(1, 1);
  history.devices()[0].has_base = true;
  history.devices()[0].base_digest = 1;
  RecordingOptions options;
  CHECK_FALSE(Recording::make(history.log(), options));
  options.bases = {dir / "base"};
  CHECK_FALSE(Recording::make(history.log(), options));
}

}  // namespace
}  // namespace powercut::test
