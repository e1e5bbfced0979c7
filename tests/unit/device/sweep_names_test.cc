// SPDX-License-Identifier: GPL-2.0-only

#include "device/run_dir.h"
#include "device/sweep.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <stdlib.h>

#include <algorithm>
#include <cstdlib>

namespace powercut {
namespace {

TEST_CASE("only a directory with a run id in its name is a dead run's",
          "[device][sweep]") {
  const ScratchDir scratch;
  const char* before = std::getenv("TMPDIR");
  const std::string saved = before != nullptr ? before : "";
  ::setenv("TMPDIR", (scratch / "").c_str(), 1);
  // As long as the prefix, the prefix itself, and what only looks like a run.
  for (const char* name : {"docs-work", "powercut-", "powercut-short",
                           "powercut-UPPERCASE1", "my-powercut-abcdefghij1234"}) {
    std::filesystem::create_directory(scratch / name);
  }
  std::filesystem::create_directory(scratch / "powercut-abcdefghij1234");
  std::vector<std::string> found;
  for (const Leftover& leftover : find_leftovers()) {
    if (leftover.name.starts_with((scratch / "").native())) {
      found.push_back(std::filesystem::path(leftover.name).filename());
    }
  }
  before != nullptr ? ::setenv("TMPDIR", saved.c_str(), 1) : ::unsetenv("TMPDIR");
  CHECK(found == std::vector<std::string>{"powercut-abcdefghij1234"});
}

}  // namespace
}  // namespace powercut
