// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/processor_wait.h"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace powercut {

std::chrono::nanoseconds processor_wait(pid_t pid) {
  std::error_code error;
  std::filesystem::directory_iterator threads(fmt::format("/proc/{}/task", pid), error);
  std::chrono::nanoseconds sum{0};
  for (; !error && threads != std::filesystem::directory_iterator();
       threads.increment(error)) {
    std::ifstream file(threads->path() / "schedstat");
    std::uint64_t ran = 0;
    std::uint64_t waited = 0;
    if (file >> ran >> waited) {
      sum += std::chrono::nanoseconds(waited);
    }
  }
  return sum;
}

}  // namespace powercut
