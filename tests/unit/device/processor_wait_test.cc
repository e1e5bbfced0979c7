// SPDX-License-Identifier: GPL-2.0-only
//
// What a process waits for a processor grows when its threads share one.

#include "device/guest/processor_wait.h"

#include "device/affinity.h"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

namespace powercut {
namespace {

using std::chrono::nanoseconds;

TEST_CASE("threads on one processor wait for each other", "[device][guest]") {
  if (!std::filesystem::exists("/proc/self/schedstat")) {
    WARN("skipped: this kernel has no schedstat");
    return;
  }
  const nanoseconds before = processor_wait(::getpid());
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const PinnedToProcessor pinned(0);
      while (!done) {
      }
    });
  }
  while (processor_wait(::getpid()) < before + std::chrono::milliseconds(200)) {
    std::this_thread::yield();
  }
  done = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
}

TEST_CASE("a process that is gone waits for nothing", "[device][guest]") {
  CHECK(processor_wait(-1) == nanoseconds(0));
}

}  // namespace
}  // namespace powercut
