// SPDX-License-Identifier: GPL-2.0-only

#include "log/format2_writer.h"
#include "replay/recording.h"
#include "replay/state_view.h"
#include "tests/device/workload_bench.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::five_operations;
using test::kSize;
using test::MarkSink;
using test::MemorySink;
using test::operation;
using test::request_of;
using test::stamped;
using test::whole_file;
using test::WorkloadBench;

TEST_CASE("the log of a workload is what reached the disk, with its marks",
          "[device][loop_workload]") {
  const WorkloadBench bench;
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
  const WorkloadBench bench;
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
  const WorkloadBench bench;
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
  CHECK(value_or_throw(bench.workloads->perform(request_of(other, in_other), sink))
            .performed.done == 2);
  CHECK(bench.names_in_root() == std::vector<std::string>{"e"});
}

TEST_CASE("an operation that fails is told, and the disk is unmounted",
          "[device][loop_workload]") {
  const WorkloadBench bench;
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
      value_or_throw(recorder.record(request_of(bench.base, workload), sink));
  CHECK_FALSE(performed.done);
  CHECK(performed.problem == "line 7: 'mkdir d': File exists");
  const Workload sound = five_operations();
  CHECK(value_or_throw(recorder.record(request_of(bench.base, sound), sink)).done);
}

TEST_CASE("threads of a workload are recorded", "[device][loop_workload]") {
  const WorkloadBench bench;
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
  const WorkloadBench bench;
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
  const WorkloadBench bench;
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
