// SPDX-License-Identifier: GPL-2.0-only
//
// Replays the corpus through the fuzz targets, in a build without a fuzzer: what was
// found once stays fixed. A broken promise aborts; the name printed last is the input.

#include "tests/fuzz/fuzz_target.h"
#include "tests/support/log_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace powercut {

namespace {

using Target = void (*)(std::span<const std::uint8_t>);

std::size_t replay(const std::filesystem::path& folder, Target target) {
  std::vector<std::filesystem::path> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    inputs.push_back(entry.path());
  }
  std::ranges::sort(inputs);
  for (const std::filesystem::path& input : inputs) {
    fmt::print("{}\n", input.string());
    std::fflush(stdout);
    const std::string bytes = read_file(input);
    target({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  }
  return inputs.size();
}

}  // namespace

}  // namespace powercut

int main() {
  const std::filesystem::path corpus = POWERCUT_SOURCE_DIR "/tests/fuzz/corpus";
  const std::size_t logs = powercut::replay(corpus / "log", powercut::fuzz_log);
  const std::size_t programs =
      powercut::replay(corpus / "round_trip", powercut::fuzz_round_trip);
  fmt::print("{} logs, {} programs\n", logs, programs);
  return logs > 0 && programs > 0 ? 0 : 1;
}
