// SPDX-License-Identifier: GPL-2.0-only

#include "replay/trimmed_view.h"

#include "tests/support/brute_force.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

namespace powercut::test {
namespace {

constexpr std::size_t kSectors = 64;
using Bytes = std::vector<std::byte>;

std::shared_ptr<const Recording> some_log() {
  History history(1, kSectors);
  for (std::uint64_t i = 0; i < kSectors; ++i) {
    history.write({i}, static_cast<char>('a' + i % 26));
    if (i % 10 == 9) {
      history.flush();
    }
  }
  return recorded(history);
}

Bytes all_of(const BlockSource& source) {
  Bytes bytes(source.size_bytes());
  for (std::size_t at = 0; at < bytes.size(); at += 512) {
    source.read(at, std::span(bytes).subspan(at, 512));
  }
  return bytes;
}

TEST_CASE("a trimmed view shows what a view shows", "[replay][trimmed_view]") {
  const std::shared_ptr<const Recording> recording = some_log();
  CrashModel model;
  model.atomic_bytes = 512;
  const auto space = space_at(recording, model, recording->timeline().end());
  const CrashState state = least_state(space);
  const auto trimmed = std::make_shared<const TrimmedSpace>(
      space_at(recording, model, recording->timeline().end()), 3);
  const TrimmedView view(trimmed, state.options, 0);
  const Bytes expected = all_of(StateView(state, 0));
  CHECK(all_of(view) == expected);
  CHECK(all_of(TrimmedView(trimmed, most_state(space).options, 0)) != expected);
  CHECK(value_or_throw(trimmed->state(state.id())).options == state.options);
}

TEST_CASE("several threads read views of a space that is trimmed all the time",
          "[replay][trimmed_view]") {
  const std::shared_ptr<const Recording> recording = some_log();
  const CrashModel model;
  const auto space = space_at(recording, model, recording->timeline().end());
  const CrashState least = least_state(space);
  const CrashState most = most_state(space);
  const auto trimmed = std::make_shared<const TrimmedSpace>(space, 2);
  const Bytes of_least = all_of(StateView(least, 0));
  const Bytes of_most = all_of(StateView(most, 0));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const bool even = t % 2 == 0;
      const TrimmedView view(trimmed, (even ? least : most).options, 0);
      for (int i = 0; i < 50; ++i) {
        wrong += all_of(view) == (even ? of_least : of_most) ? 0 : 1;
        wrong += trimmed->state(least.id()) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace powercut::test
