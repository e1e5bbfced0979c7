// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/loop_workload.h"

#include "base/signals.h"
#include "device/mount_table.h"
#include "log/format2_writer.h"
#include "replay/recording.h"
#include "replay/state_view.h"
#include "tests/device/requirements.h"
#include "tests/support/ext4_image.h"
#include "tests/support/memory_sink.h"
#include "tests/support/scratch_dir.h"
#include "workload/fill.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <thread>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::MemorySink;

constexpr std::uint64_t kSize = 64 << 20;

Operation operation(OpKind kind, const std::string& path = {}, std::uint64_t offset = 0,
                    std::uint64_t length = 0) {
  Operation made;
  made.kind = kind;
  made.path = path;
  made.offset_bytes = offset;
  made.length_bytes = length;
  return made;
}

Operation sleep_for(std::chrono::milliseconds time) {
  return operation(OpKind::kSleep, {}, 0, static_cast<std::uint64_t>(time.count()));
}

Workload five_operations() {
  return {{operation(OpKind::kMkdir, "d"), operation(OpKind::kCreate, "d/f"),
           operation(OpKind::kWrite, "d/f", 0, 10000), operation(OpKind::kFsync, "d/f"),
           operation(OpKind::kFsync, "d")},
          {}};
}

std::string stamped(std::uint64_t number, std::uint64_t offset, std::size_t length) {
  std::string bytes(length, '\0');
  fill_stamped(number, offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string whole_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// A sink that keeps marks too, and may refuse one.
class MarkSink final : public EventSink {
 public:
  Result<std::uint64_t> submit(const Submission& submission,
                               std::span<const std::byte> data) override {
    return events.submit(submission, data);
  }

  Status complete(std::uint64_t seq, std::uint32_t status) override {
    return events.complete(seq, status);
  }

  Status mark(std::string_view text) override {
    if (text == refused) {
      return fail(ErrorKind::kSystem, "no room for the mark");
    }
    marks.emplace_back(text);
    return events.mark(text);
  }

  MemorySink events;
  std::vector<std::string> marks;
  std::string refused = "none";
};

// An ext4 file system, and what records workloads on it.
struct Bench {
  Bench() {
    test::run_tool({"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-E",
                    "nodiscard,lazy_itable_init=0,lazy_journal_init=0", scratch / "image",
                    "64M"});
    base = test::source_of(scratch / "image");
    workloads = value_or_throw(LoopWorkloads::start({kSize, 4096}, run));
  }

  Result<LoopWorkloadEnd> perform(const Workload& workload, EventSink& sink,
                                  std::chrono::milliseconds timeout = 20s,
                                  const std::string& options = "") const {
    return workloads->perform({base, "ext4", options, &workload, timeout}, sink);
  }

  fs::path disk() const { return run.path() / "recorded0" / "disk"; }

  fs::path loop() const {
    for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block")) {
      if (loop_backing_file(entry.path().filename()) == disk()) {
        return "/dev" / entry.path().filename();
      }
    }
    return {};
  }

  std::string bytes_of_disk() const {
    std::string bytes(kSize, '\0');
    const Fd fd = value_or_throw(Fd::open(disk(), O_RDONLY));
    value_or_throw(read_fully(fd, std::as_writable_bytes(std::span(bytes)), 0, disk()));
    return bytes;
  }

  // What the disk holds as a file, sound as e2fsck says.
  fs::path copy_of_disk() const {
    std::ofstream(scratch / "copy", std::ios::binary) << bytes_of_disk();
    test::run_tool({"e2fsck", "-fn", scratch / "copy"});
    return scratch / "copy";
  }

  std::string content(const std::string& path) const {
    const fs::path image = copy_of_disk();
    test::run_tool({"debugfs", "-R",
                    fmt::format("dump {} {}", path, (scratch / "out").native()), image});
    return whole_file(scratch / "out");
  }

  std::vector<std::string> names_in_root() const {
    const fs::path image = copy_of_disk();
    SubprocessOptions tool;
    tool.argv = {"debugfs", "-R", "ls -p /", image};
    const std::string output = value_or_throw(run_subprocess(tool)).output;
    std::vector<std::string> names;
    for (const char* name : {"d", "e", "f"}) {
      if (output.find(fmt::format("/{}/", name)) != std::string::npos) {
        names.emplace_back(name);
      }
    }
    return names;
  }

  ScratchDir scratch;
  RunDir run = value_or_throw(RunDir::create());
  std::shared_ptr<const BlockSource> base;
  std::unique_ptr<LoopWorkloads> workloads;
};

bool anything_left(const Bench& bench) {
  return !bench.loop().empty() ||
         std::ranges::any_of(read_mount_table(), [&](const MountEntry& entry) {
           return entry.target.native().starts_with(bench.run.path().native());
         });
}

TEST_CASE("the log of a workload is what reached the disk, with its marks",
          "[device][loop_workload]") {
  const Bench bench;
  const fs::path path = bench.scratch / "log";
  Format2Options options;
  Device device;
  device.name = "ext4";
  device.size_bytes = kSize;
  device.logical_block_bytes = 4096;
  options.devices = {device};
  const std::unique_ptr<Format2Writer> writer =
      value_or_throw(Format2Writer::create(path, options));
  const LoopWorkloadEnd end = value_or_throw(bench.perform(five_operations(), *writer));
  REQUIRE(writer->close());
  CHECK(end.mount_problem.empty());
  CHECK_FALSE(end.performed.failed);
  CHECK_FALSE(end.timed_out);
  CHECK(end.performed.done == 5);
  RecordingOptions opening;
  opening.base_sources = {bench.base};
  const std::shared_ptr<const Recording> recording =
      value_or_throw(Recording::open(path, opening));
  const std::string disk = bench.bytes_of_disk();
  std::string replayed(kSize, '\0');
  linear_view(recording, recording->timeline().end(), 0)
      ->read(0, std::as_writable_bytes(std::span(replayed)));
  CHECK((replayed == disk));
  CHECK((replayed != whole_file(bench.scratch / "image")));
  std::vector<std::string> marks;
  for (const Mark& mark : recording->timeline().marks()) {
    marks.push_back(mark.text);
  }
  REQUIRE(marks.size() == 5);
  CHECK(marks[0] == "begin");
  CHECK(marks[1].starts_with("ack 3 0:"));
  CHECK(marks[2] == "ack 4");
  CHECK(marks[3] == "operations-done");
  CHECK(marks[4] == "end");
  // Each acknowledgement has writes before it, and so has the unmount.
  EventPos last = 0;
  for (const std::size_t number : {1U, 4U}) {
    const EventPos at = recording->timeline().marks()[number].at;
    CHECK(at > last + 1);
    last = at;
  }
  CHECK((bench.content("/d/f") == stamped(2, 0, 10000)));
}

TEST_CASE("each workload begins with the base", "[device][loop_workload]") {
  const Bench bench;
  const Workload other{{operation(OpKind::kMkdir, "e"), operation(OpKind::kCreate, "f"),
                        operation(OpKind::kSync)},
                       {}};
  for (int turn = 0; turn < 6; ++turn) {
    MarkSink sink;
    const Workload workload = turn % 2 == 0 ? five_operations() : other;
    const LoopWorkloadEnd end = value_or_throw(bench.perform(workload, sink));
    CHECK_FALSE(end.performed.failed);  // every name is new
    CHECK(bench.names_in_root() == (turn % 2 == 0 ? std::vector<std::string>{"d"}
                                                  : std::vector<std::string>{"e", "f"}));
    CHECK(sink.marks.back() == "end");
    CHECK(sink.events.count(Op::kFlush) > 0);
  }
}

TEST_CASE("what others read of the device meanwhile is not taken for the next disk",
          "[device][loop_workload]") {
  const Bench bench;
  fs::copy_file(bench.scratch / "image", bench.scratch / "other");
  test::change_ext4_image(bench.scratch / "other", "mkdir e");
  const std::shared_ptr<const BlockSource> other =
      test::source_of(bench.scratch / "other");
  MarkSink sink;
  CHECK(value_or_throw(bench.perform(five_operations(), sink)).performed.done == 5);
  const Fd loop = value_or_throw(Fd::open(bench.loop(), O_RDONLY));
  std::vector<std::byte> bytes(kSize);
  REQUIRE(read_fully(loop, bytes, 0, "loop"));
  const Workload in_other{{operation(OpKind::kCreate, "e/x"), operation(OpKind::kSync)},
                          {}};
  CHECK(
      value_or_throw(bench.workloads->perform({other, "ext4", "", &in_other, 20s}, sink))
          .performed.done == 2);
  CHECK(bench.names_in_root() == std::vector<std::string>{"e"});
}

TEST_CASE("an operation that fails is told, and the disk is unmounted",
          "[device][loop_workload]") {
  const Bench bench;
  MarkSink sink;
  Workload workload = five_operations();
  workload.operations.insert(workload.operations.begin() + 1,
                             operation(OpKind::kMkdir, "d"));
  workload.operations[1].line = 7;
  const LoopWorkloadEnd end = value_or_throw(bench.perform(workload, sink));
  CHECK(end.performed.failed);
  CHECK(end.performed.failure.operation == 1);
  CHECK(end.performed.failure.error_number == EEXIST);
  REQUIRE(sink.marks.size() == 3);
  CHECK(sink.marks[1].starts_with("failed 1 17 0:"));
  CHECK(sink.marks[2] == "end");
  CHECK(bench.names_in_root() == std::vector<std::string>{"d"});
  WorkloadRecorder& recorder = *bench.workloads;
  const PerformedWorkload performed =
      value_or_throw(recorder.record({bench.base, "ext4", "", &workload, 20s}, sink));
  CHECK_FALSE(performed.done);
  CHECK(performed.problem == "line 7: 'mkdir d': File exists");
  const Workload sound = five_operations();
  CHECK(
      value_or_throw(recorder.record({bench.base, "ext4", "", &sound, 20s}, sink)).done);
}

TEST_CASE("a workload that hangs is ended and leaves nothing",
          "[device][loop_workload]") {
  const Bench bench;
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
  const Bench bench;
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
  const Bench bench;
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
  const Bench bench;
  MarkSink sink;
  const LoopWorkloadEnd end =
      value_or_throw(bench.perform(five_operations(), sink, 20s, "nonsense=3"));
  CHECK(end.mount_problem.find("Invalid argument") != std::string::npos);
  CHECK(sink.marks.empty());
  const Workload workload = five_operations();
  const Result<LoopWorkloadEnd> unknown =
      bench.workloads->perform({bench.base, "nonsensefs", "", &workload, 20s}, sink);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().kind == ErrorKind::kMissing);
  const Result<LoopWorkloadEnd> small =
      bench.workloads->perform({std::make_shared<test::MemorySource>(4096, std::byte{}),
                                "ext4", "", &workload, 20s},
                               sink);
  REQUIRE_FALSE(small);
  CHECK(small.error().kind == ErrorKind::kUsage);
  CHECK(value_or_throw(bench.perform(workload, sink)).performed.done == 5);
}

TEST_CASE("Ctrl-C ends a workload", "[device][loop_workload]") {
  const Bench bench;
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
    ::setenv("TMPDIR", (scratch / "").c_str(), 1);
    const Bench bench;
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

TEST_CASE("threads of a workload are recorded", "[device][loop_workload]") {
  const Bench bench;
  MarkSink sink;
  Workload workload;
  for (std::uint32_t thread = 1; thread <= 2; ++thread) {
    const std::string path = fmt::format("f{}", thread);
    for (Operation made :
         {operation(OpKind::kCreate, path), operation(OpKind::kWrite, path, 0, 20000),
          operation(OpKind::kFsync, path)}) {
      made.thread = thread;
      workload.operations.push_back(made);
    }
  }
  workload.groups.push_back({0, 6});
  CHECK(value_or_throw(bench.perform(workload, sink)).performed.done == 6);
  CHECK((bench.content("/f1") == stamped(1, 0, 20000)));
  CHECK((bench.content("/f2") == stamped(4, 0, 20000)));
  CHECK(sink.marks.size() == 5);
}

TEST_CASE("a store into a full disk fails and kills nobody", "[device][loop_workload]") {
  const Bench bench;
  MarkSink sink;
  Operation fill = operation(OpKind::kAllocate, "all", 0, kSize);
  const Workload workload{
      {operation(OpKind::kCreate, "f"), operation(OpKind::kTruncate, "f", 0, 1 << 20),
       operation(OpKind::kCreate, "all"), operation(OpKind::kMmapWrite, "f", 0, 4096),
       operation(OpKind::kSync), fill},
      {}};
  const LoopWorkloadEnd full = value_or_throw(bench.perform(workload, sink));
  REQUIRE(full.performed.failed);
  CHECK(full.performed.failure.error_number == ENOSPC);
  Workload mapped = workload;
  // As much as there is, in pieces, each written; then the mapping has none.
  mapped.operations.resize(3);
  for (std::uint64_t mib = 0; mib < 64; ++mib) {
    mapped.operations.push_back(operation(OpKind::kWrite, "all", mib << 20, 1 << 20));
  }
  const LoopWorkloadEnd written = value_or_throw(bench.perform(mapped, sink));
  REQUIRE(written.performed.failed);
  mapped.operations.resize(written.performed.failure.operation);
  mapped.operations.push_back(operation(OpKind::kMmapWrite, "f", 0, 1 << 20));
  const LoopWorkloadEnd stored = value_or_throw(bench.perform(mapped, sink));
  REQUIRE(stored.performed.failed);
  CHECK(stored.performed.failure.operation == mapped.operations.size() - 1);
  CHECK(stored.performed.failure.error_number == EFAULT);
}

TEST_CASE("what belongs to a log that was closed reaches no other", "[recording_gate]") {
  RecordingGate gate;
  MemorySink first;
  MemorySink second;
  const Submission flush{.op = Op::kFlush};
  const std::uint64_t unseen = value_or_throw(gate.submit(flush, {}));
  gate.open(first);
  const std::uint64_t open = value_or_throw(gate.submit(flush, {}));
  const std::uint64_t done = value_or_throw(gate.submit(flush, {}));
  CHECK(gate.complete(unseen, 0));
  CHECK(gate.complete(done, 0));
  CHECK(gate.mark("m"));
  gate.close();
  CHECK(gate.complete(open, 0));
  CHECK_FALSE(gate.mark("late"));
  CHECK(first.events().size() == 4);
  CHECK(first.events()[2].what == "complete");
  CHECK(first.events()[2].seq == 1);
  gate.open(second);
  CHECK(gate.complete(open, 0));
  CHECK(second.events().empty());
  CHECK(first.events().size() == 4);
}

// Not run by itself: prints what a workload costs.
TEST_CASE("time of a workload", "[.][measure]") {
  const Bench bench;
  std::vector<double> times;
  std::vector<double> mark_times;
  for (int i = 0; i < 300; ++i) {
    MarkSink sink;
    const Clock::time_point start = Clock::now();
    REQUIRE(value_or_throw(bench.perform(five_operations(), sink)).performed.done == 5);
    times.push_back(
        std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  Workload marks;
  for (int i = 0; i < 10000; ++i) {
    Operation made = operation(OpKind::kMark);
    made.text = "m";
    marks.operations.push_back(made);
  }
  MarkSink sink;
  const Clock::time_point start = Clock::now();
  REQUIRE(value_or_throw(bench.perform(marks, sink)).performed.done == 10000);
  const double all =
      std::chrono::duration<double, std::micro>(Clock::now() - start).count();
  std::ranges::sort(times);
  fmt::print("workload: median {:.2f} ms, 90 % {:.2f} ms, longest {:.2f} ms\n",
             times[150], times[270], times.back());
  fmt::print("mark: {:.1f} us\n", all / 10000);
}

}  // namespace
}  // namespace powercut
