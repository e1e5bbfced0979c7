// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/program_run.h"

#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fstream>

namespace powercut {
namespace {

using std::chrono::milliseconds;

ProgramRun run_script(const std::string& script, milliseconds timeout = milliseconds(0)) {
  const ScratchDir scratch;
  return value_or_throw(
      run_program({"sh", "-c", script, "name", "a b", "$c"}, scratch / "", timeout));
}

TEST_CASE("what goes to standard output and standard error is kept apart",
          "[checkers][program_run]") {
  const ProgramRun run = run_script("echo out; echo err >&2; echo out; exit 3");
  CHECK(run.state.code == 3);
  CHECK(run.state.output == "out\nout\n");
  CHECK(run.errors == "err\n");
  CHECK(run.whole);
  CHECK(run_script("echo x > /dev/stdout; echo y > /dev/stderr").errors == "y\n");
}

TEST_CASE("a program gets its arguments as they are, its directory, and no input",
          "[checkers][program_run]") {
  CHECK(run_script("printf '%s;' \"$0\" \"$@\"").state.output == "name;a b;$c;");
  CHECK(run_script("cat; echo end").state.output == "end\n");
  const ScratchDir scratch;
  const ProgramRun run =
      value_or_throw(run_program({"pwd"}, scratch / "", milliseconds(0)));
  CHECK(std::filesystem::equivalent(
      run.state.output.substr(0, run.state.output.size() - 1), scratch / ""));
}

TEST_CASE("a program that is not there is an error", "[checkers][program_run]") {
  for (const char* name : {"powercut-no-such-program", "/nowhere/program"}) {
    const Result<ProgramRun> run = run_program({name}, "/", milliseconds(0));
    REQUIRE_FALSE(run);
    CHECK(run.error().kind == ErrorKind::kMissing);
  }
}

TEST_CASE("signals and the time limit are those of the program",
          "[checkers][program_run]") {
  CHECK(run_script("kill -SEGV $$").state.signal == 11);
  const ProgramRun slow =
      run_script("echo begun; echo e >&2; sleep 1000", milliseconds(200));
  CHECK(slow.state.timed_out);
  CHECK(slow.state.output == "begun\n");
  CHECK(slow.errors == "e\n");
}

TEST_CASE("much output is bounded, and known to be cut", "[checkers][program_run]") {
  const ProgramRun loud =
      run_script("head -c 40000000 /dev/zero >&2; head -c 33554432 /dev/zero");
  CHECK(loud.errors.size() < 200000);
  CHECK(loud.whole);
  CHECK(loud.state.output.size() == kMostAnswers);
  const ProgramRun louder = run_script("head -c 33554433 /dev/zero");
  CHECK_FALSE(louder.whole);
  CHECK(louder.state.output.size() < kMostAnswers + 1000);
}

// It leaves the group, and keeps both outputs open.
TEST_CASE("a process that outlives the program does not hold it up",
          "[checkers][program_run]") {
  const auto begin = std::chrono::steady_clock::now();
  const ProgramRun run = run_script("setsid sleep 5 & echo out; echo err >&2");
  CHECK(run.state.code == 0);
  CHECK(run.errors == "err\n");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(4));
}

}  // namespace
}  // namespace powercut
