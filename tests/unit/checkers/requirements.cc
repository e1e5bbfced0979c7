// SPDX-License-Identifier: GPL-2.0-only
//
// Skips a test program (exit code 77) that needs programs which are not there: those that
// its CMakeLists.txt names.

#define CATCH_CONFIG_EXTERNAL_INTERFACES

#include "base/subprocess.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace powercut::test {
namespace {

struct Requirements : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;

  void testRunStarting(const Catch::TestRunInfo& /*info*/) override {
    constexpr int kSkipped = 77;
    for (const char* program : {POWERCUT_TEST_NEEDS}) {
      if (!find_program(program)) {
        fmt::print(stderr, "skipped: {} is not there (tools/deps test)\n", program);
        std::exit(kSkipped);
      }
    }
  }
};

CATCH_REGISTER_LISTENER(Requirements)

}  // namespace
}  // namespace powercut::test
