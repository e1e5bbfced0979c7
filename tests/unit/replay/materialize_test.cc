// SPDX-License-Identifier: GPL-2.0-only
//
// An image written out is the view, byte for byte, and holes stay holes.

#include "replay/materialize.h"

#include "replay/state_view.h"
#include "tests/support/brute_force.h"
#include "tests/support/log_builder.h"
#include "tests/support/random_history.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

// What a sink of nonzero pieces ends up with.
struct Copy {
  std::string image;
  std::uint64_t copied_bytes = 0;
  std::uint64_t last_end = 0;
  std::size_t calls = 0;

  Status add(std::uint64_t offset, std::span<const std::byte> bytes) {
    REQUIRE(offset >= last_end);
    REQUIRE(bytes.size() <= std::uint64_t{1} << 20);
    last_end = offset + bytes.size();
    copied_bytes += bytes.size();
    ++calls;
    image.replace(offset, bytes.size(), reinterpret_cast<const char*>(bytes.data()),
                  bytes.size());
    return {};
  }
};

Copy copy_of(const CrashState& state) {
  const StateView view(state, 0);
  Copy copy;
  copy.image.assign(view.size_bytes(), '\0');
  const Status status =
      copy_nonzero(view, touched_extents(state.space->recording(), state.space->cut(), 0),
                   [&](std::uint64_t offset, std::span<const std::byte> bytes) {
                     return copy.add(offset, bytes);
                   });
  REQUIRE(status);
  return copy;
}

std::string bytes_of(const CrashState& state) {
  const StateView view(state, 0);
  std::string bytes(view.size_bytes(), '\0');
  view.read(0, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

TEST_CASE("a copy of any state equals its view", "[replay][materialize]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const History history = random_history(random, {.sectors = 32, .most_sectors = 12});
    const auto recording = recorded(history);
    const auto space =
        StateSpace::build(recording, durability(*recording, {}), history.now());
    INFO("seed " << seed);
    const CrashState state =
        space ? random_state(*space, random)
              : most_state(StateSpace::linear(recording, history.now()));
    REQUIRE((copy_of(state).image == bytes_of(state)));
  }
}

TEST_CASE("zeros are left out", "[replay][materialize]") {
  History history(1, 4096);
  history.write({0, 8}, 'a');
  history.write({1024, 2048}, 'b');
  history.complete(history.submit_zeroes({1032, 2040}));
  const Copy copy = copy_of(most_state(space_at(recorded(history), {}, history.now())));
  CHECK(copy.copied_bytes == 2 * 4096);
  CHECK(copy.calls == 2);
}

TEST_CASE("a long run comes in pieces of a megabyte at most", "[replay][materialize]") {
  History history(1, 8192);
  history.write({8, 5000}, 'a');
  const auto space = space_at(recorded(history), {}, history.now());
  const Copy copy = copy_of(most_state(space));
  CHECK(copy.calls == 3);
  CHECK((copy.image == bytes_of(most_state(space))));
}

TEST_CASE("extents are sorted, merged and end at the cut", "[replay][materialize]") {
  History history(2, 64);
  history.write({8, 8}, 'a');
  history.write({0, 8}, 'b');
  history.write({32, 4}, 'c');
  history.write({0, 1, 1}, 'd');
  const Cut cut = history.now();
  history.write({60}, 'e');
  const auto recording = recorded(history);
  CHECK(touched_extents(*recording, cut, 0) ==
        std::vector<Extent>{{0, 8192}, {32 * 512, 36 * 512}});
  CHECK(touched_extents(*recording, cut, 1) == std::vector<Extent>{{0, 512}});
}

TEST_CASE("an image below is an extent of its own", "[replay][materialize]") {
  const ScratchDir dir;
  write_file(dir / "base", sector_bytes(0, 4, 'x'));
  RecordingOptions options;
  options.bases = {dir / "base"};
  const auto recording = value_or_throw(Recording::make(History(1, 64).log(), options));
  CHECK(touched_extents(*recording, 0, 0) == std::vector<Extent>{{0, 2048}});
}

TEST_CASE("a sink that fails ends the copy", "[replay][materialize]") {
  History history(1, 8);
  history.write({0, 8}, 'a');
  const auto recording = recorded(history);
  const auto view = linear_view(recording, history.now(), 0);
  const Status status =
      copy_nonzero(*view, touched_extents(*recording, history.now(), 0),
                   [](std::uint64_t, std::span<const std::byte>) -> Status {
                     return fail(ErrorKind::kSystem, "the disk is full");
                   });
  CHECK(status.error().message == "the disk is full");
}

}  // namespace
}  // namespace powercut::test
