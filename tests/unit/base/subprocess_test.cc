// SPDX-License-Identifier: GPL-2.0-only

#include "base/subprocess.h"

#include "base/run_id.h"
#include "base/signals.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

namespace powercut {
namespace {

using std::chrono::milliseconds;

SubprocessOptions shell(const std::string& script) {
  SubprocessOptions options;
  options.argv = {"sh", "-c", script};
  return options;
}

ExitState run(const SubprocessOptions& options) {
  return value_or_throw(run_subprocess(options));
}

TEST_CASE("a subprocess tells its exit code and what it printed", "[base][subprocess]") {
  const ExitState state = run(shell("echo out; echo err >&2; exit 3"));
  CHECK(state.code == 3);
  CHECK_FALSE(state.signal);
  CHECK(state.output == "out\nerr\n");
  CHECK(to_string(state) == "exit code 3");
}

TEST_CASE("a subprocess that dies of a signal has no exit code", "[base][subprocess]") {
  const ExitState state = run(shell("kill -SEGV $$"));
  CHECK_FALSE(state.code);
  CHECK(state.signal == SIGSEGV);
}

TEST_CASE("a subprocess is ended at its timeout, with its children",
          "[base][subprocess]") {
  SubprocessOptions options = shell("sleep 60 & sleep 60");
  options.timeout = milliseconds(50);
  const std::chrono::steady_clock::time_point before = std::chrono::steady_clock::now();
  const ExitState state = run(options);
  CHECK(state.timed_out);
  CHECK(state.signal == SIGTERM);
  CHECK(std::chrono::steady_clock::now() - before < milliseconds(1500));
}

TEST_CASE("a subprocess that ignores SIGTERM is killed", "[base][subprocess]") {
  SubprocessOptions options = shell("trap '' TERM; while :; do sleep 0.2; done");
  options.timeout = milliseconds(50);
  const ExitState state = run(options);
  CHECK(state.timed_out);
  CHECK(state.signal == SIGKILL);
}

TEST_CASE("a child that is left behind does not hold up the caller",
          "[base][subprocess]") {
  const std::chrono::steady_clock::time_point before = std::chrono::steady_clock::now();
  const ExitState state = run(shell("sleep 60 & echo done"));
  CHECK(state.output == "done\n");
  CHECK(std::chrono::steady_clock::now() - before < milliseconds(5000));
}

TEST_CASE("long output keeps its first and last bytes", "[base][subprocess]") {
  SubprocessOptions options =
      shell("printf first; head -c 1000000 /dev/zero | tr '\\0' x; printf last");
  options.output_limit_bytes = 2048;
  const ExitState state = run(options);
  CHECK(state.output.starts_with("firstxxx"));
  CHECK(state.output.ends_with("xxxlast"));
  CHECK(state.output.find("[powercut: 997961 bytes of output cut]") != std::string::npos);
  CHECK(state.output.size() < 2200);
}

TEST_CASE("output within the limit is whole", "[base][subprocess]") {
  BoundedOutput output(8);
  output.append("abcdef");
  output.append("gh");
  CHECK(output.take() == "abcdefgh");
}

TEST_CASE("a missing program is an error that names it", "[base][subprocess]") {
  SubprocessOptions options;
  options.argv = {"no-such-program-of-ours"};
  const Result<ExitState> state = run_subprocess(options);
  REQUIRE_FALSE(state);
  CHECK(state.error().kind == ErrorKind::kMissing);
  CHECK(state.error().message.find("no-such-program-of-ours") != std::string::npos);
}

TEST_CASE("a missing working directory is an error, not an exit code",
          "[base][subprocess]") {
  SubprocessOptions options = shell("true");
  options.working_directory = "/no/such/directory";
  CHECK_FALSE(run_subprocess(options));
}

TEST_CASE("environment and working directory reach the child", "[base][subprocess]") {
  SubprocessOptions options = shell("echo $PC_TEST; pwd; env | grep -c ^PC_TEST=");
  options.environment = {{"PC_TEST", "one two"}};
  options.working_directory = "/usr";
  CHECK(run(options).output == "one two\n/usr\n1\n");
}

TEST_CASE("a child has empty input and none of our descriptors", "[base][subprocess]") {
  const Fd ours = value_or_throw(Fd::open("/dev/zero", O_RDONLY));
  CHECK(run(shell("cat; ls -l /proc/self/fd | grep -c zero")).output == "0\n");
}

TEST_CASE("a child can be handed its input", "[base][subprocess]") {
  const Fd input = value_or_throw(Fd::open("/proc/self/comm", O_RDONLY));
  SubprocessOptions options = shell("wc -l");
  options.stdin_fd = input.get();
  CHECK(run(options).output == "1\n");
}

TEST_CASE("subprocesses run from several threads at once", "[base][subprocess]") {
  std::vector<std::thread> threads;
  std::array<int, 4> good = {};
  for (int& count : good) {
    threads.emplace_back([&count] {
      for (int i = 0; i < 20; ++i) {
        const Result<ExitState> state = run_subprocess(shell("echo $$"));
        count += state && state->succeeded() && !state->output.empty() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(good == std::array<int, 4>{20, 20, 20, 20});
}

TEST_CASE("a subprocess that goes out of scope is killed", "[base][subprocess]") {
  pid_t pid = -1;
  {
    const Subprocess child = value_or_throw(Subprocess::start(shell("sleep 60")));
    pid = child.pid();
    CHECK(::kill(pid, 0) == 0);
  }
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("a pending Ctrl-C ends the subprocess", "[base][subprocess][signals]") {
  REQUIRE(install_signal_handlers());
  CHECK_FALSE(interrupted());
  ::raise(SIGINT);
  CHECK(interrupted());
  const ExitState state = run(shell("sleep 60"));
  clear_interrupt();
  CHECK(state.interrupted);
  CHECK_FALSE(state.timed_out);
  CHECK(state.signal == SIGTERM);
  CHECK(run(shell("true")).succeeded());
}

TEST_CASE("run ids differ, and are found in names", "[base][run_id]") {
  const std::string id = make_run_id();
  CHECK(is_run_id(id));
  CHECK(id != make_run_id());
  CHECK(find_run_id("/tmp/powercut-" + id + "/disk") == id);
  CHECK(find_run_id("powercut-" + id + "-log") == id);
  CHECK(find_run_id("/src/powercut-tests/x").empty());
  CHECK(find_run_id("/srv/mypowercut-" + id).empty());
}

}  // namespace
}  // namespace powercut
