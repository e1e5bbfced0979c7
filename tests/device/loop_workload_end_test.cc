// SPDX-License-Identifier: GPL-2.0-only

#include "base/signals.h"
#include "device/mount_namespace.h"
#include "tests/device/workload_bench.h"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::anything_left;
using test::five_operations;
using test::MarkSink;
using test::MemorySink;
using test::operation;
using test::request_of;
using test::sleep_for;
using test::whole_file;
using test::WorkloadBench;

TEST_CASE("a workload that hangs is ended and leaves nothing",
          "[device][loop_workload]") {
  const WorkloadBench bench;
  MarkSink sink;
  Workload workload = five_operations();
  workload.operations.push_back(sleep_for(60s));
  const Clock::time_point start = Clock::now();
  const LoopWorkloadEnd end = value_or_throw(bench.perform(workload, sink, 400ms));
  CHECK(Clock::now() - start < 8s);
  CHECK(end.timed_out);
  CHECK_FALSE(anything_left(bench));
  CHECK(sink.marks.size() == 3);
  CHECK(sink.marks.back() == "ack 4");
  CHECK(sink.events.count(Op::kWrite) > 0);
  MarkSink next;
  CHECK(value_or_throw(bench.perform(five_operations(), next)).performed.done == 5);
  CHECK(anything_left(bench));  // kept for the one after: the check above can fail
}

TEST_CASE("nothing comes after the time is up", "[device][loop_workload]") {
  const WorkloadBench bench;
  MarkSink sink;
  // Written, and not synced: the unmount of the killed child writes it.
  const Workload workload{{operation(OpKind::kCreate, "f"),
                           operation(OpKind::kWrite, "f", 0, 1 << 20), sleep_for(60s)},
                          {}};
  REQUIRE(value_or_throw(bench.perform(workload, sink, 300ms)).timed_out);
  const std::vector<MemorySink::Event> events = sink.events.events();
  CHECK(std::ranges::none_of(events, [](const MemorySink::Event& event) {
    return event.what == "submit" && event.submission.length_bytes >= 65536;
  }));
}

TEST_CASE("a refused mark and a full log are errors, and the next workload is recorded",
          "[device][loop_workload]") {
  const WorkloadBench bench;
  MarkSink sink;
  sink.refused = GENERATE("begin", "ack 4", "operations-done", "end");
  CAPTURE(sink.refused);
  const Result<LoopWorkloadEnd> refused = bench.perform(five_operations(), sink);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "no room for the mark");
  MarkSink full;
  full.events.fail_at = 12;
  const Result<LoopWorkloadEnd> unrecorded = bench.perform(five_operations(), full);
  REQUIRE_FALSE(unrecorded);
  CHECK(unrecorded.error().message.find("the log is full") != std::string::npos);
  MarkSink sound;
  CHECK(value_or_throw(bench.perform(five_operations(), sound)).performed.done == 5);
  CHECK(sound.marks.back() == "end");
}

TEST_CASE("a disk that cannot be mounted is a result", "[device][loop_workload]") {
  const WorkloadBench bench;
  MarkSink sink;
  const LoopWorkloadEnd end =
      value_or_throw(bench.perform(five_operations(), sink, 20s, "nonsense=3"));
  CHECK(end.mount_problem.find("Invalid argument") != std::string::npos);
  CHECK(sink.marks.empty());
  const Workload workload = five_operations();
  const Result<LoopWorkloadEnd> unknown =
      bench.workloads->perform(request_of(bench.base, workload, "nonsensefs"), sink);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().kind == ErrorKind::kMissing);
  const Result<LoopWorkloadEnd> small = bench.workloads->perform(
      request_of(std::make_shared<test::MemorySource>(4096, std::byte{}), workload),
      sink);
  REQUIRE_FALSE(small);
  CHECK(small.error().kind == ErrorKind::kUsage);
  CHECK(value_or_throw(bench.perform(workload, sink)).performed.done == 5);
}

TEST_CASE("Ctrl-C ends a workload", "[device][loop_workload]") {
  const WorkloadBench bench;
  MarkSink sink;
  REQUIRE(install_signal_handlers());
  std::jthread signaller([] {
    std::this_thread::sleep_for(300ms);
    ::raise(SIGINT);
  });
  const Result<LoopWorkloadEnd> end = bench.perform({{sleep_for(60s)}, {}}, sink, 50s);
  signaller.join();
  clear_interrupt();
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == ErrorKind::kInterrupted);
  CHECK_FALSE(anything_left(bench));
}

// The children of a process, by name.
std::vector<pid_t> children_of(pid_t parent, const std::string& name) {
  std::vector<pid_t> found;
  std::error_code gone;
  const std::string tasks = fmt::format("/proc/{}/task", parent);
  for (const fs::directory_entry& task : fs::directory_iterator(tasks, gone)) {
    std::ifstream children(task.path() / "children");
    for (pid_t pid = 0; children >> pid;) {
      if (whole_file(fmt::format("/proc/{}/comm", pid)) == name + "\n") {
        found.push_back(pid);
      }
    }
  }
  return found;
}

bool comes_true(const std::function<bool()>& condition) {
  const Clock::time_point end = Clock::now() + 20s;
  while (!condition() && Clock::now() < end) {
    std::this_thread::sleep_for(5ms);
  }
  return condition();
}

bool has_loop_below(const fs::path& directory) {
  return std::ranges::any_of(
      fs::directory_iterator("/sys/block"), [&](const fs::directory_entry& entry) {
        return loop_backing_file(entry.path().filename()).starts_with(directory.native());
      });
}

TEST_CASE("a recorder that is killed takes a sleeping workload with it",
          "[device][loop_workload]") {
  const ScratchDir scratch;
  const pid_t recorder = ::fork();
  REQUIRE(recorder >= 0);
  if (recorder == 0) {
    value_or_throw(enter_private_mount_namespace());  // as the program does
    ::setenv("TMPDIR", (scratch / "").c_str(), 1);
    const WorkloadBench bench;
    MarkSink sink;
    [[maybe_unused]] const auto end = bench.perform({{sleep_for(300s)}, {}}, sink, 300s);
    ::_exit(0);
  }
  std::vector<pid_t> performers;
  CHECK(comes_true([&] {
    performers = children_of(recorder, "powercut-visit");
    return performers.size() == 1 && has_loop_below(scratch / "");
  }));
  std::this_thread::sleep_for(300ms);  // into the sleep
  CHECK(performers == children_of(recorder, "powercut-visit"));
  REQUIRE(::kill(recorder, SIGKILL) == 0);
  REQUIRE(::waitpid(recorder, nullptr, 0) == recorder);
  REQUIRE(performers.size() == 1);
  CHECK(comes_true([&] {
    return whole_file(fmt::format("/proc/{}/comm", performers[0])) != "powercut-visit\n";
  }));
  CHECK(comes_true([&] { return !has_loop_below(scratch / ""); }));
}

}  // namespace
}  // namespace powercut
