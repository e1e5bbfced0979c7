// SPDX-License-Identifier: GPL-2.0-only
//
// Workloads on the raw disk, recorded on a loop device.

#include "tests/device/workload_bench.h"
#include "workload/workload_text.h"

#include <catch2/catch.hpp>

#include <cerrno>

namespace powercut {
namespace {

constexpr std::uint64_t kDiskBytes = 1 << 20;

struct RawBench {
  RawBench() {
    std::vector<std::byte> poison(kDiskBytes);
    fill_poison(0, poison);
    base = std::make_shared<test::MemorySource>(std::move(poison));
    workloads = value_or_throw(LoopWorkloads::start({kDiskBytes, 4096}, run));
  }

  LoopWorkloadEnd perform(const std::string& text, EventSink& sink,
                          std::chrono::milliseconds latency = {}) const {
    const Workload workload = value_or_throw(parse_workload(text, {"test", 1}));
    PerformRequest request = test::request_of(base, workload, "none");
    request.latency = latency;
    return value_or_throw(workloads->perform(request, sink));
  }

  std::string disk() const {
    std::string bytes(kDiskBytes, '\0');
    const std::filesystem::path file = run.path() / "recorded0" / "disk";
    const Fd fd = value_or_throw(Fd::open(file, O_RDONLY));
    value_or_throw(read_fully(fd, std::as_writable_bytes(std::span(bytes)), 0, file));
    return bytes;
  }

  std::string poison(std::uint64_t from, std::uint64_t to) const {
    std::string bytes(to - from, '\0');
    fill_poison(from, std::as_writable_bytes(std::span(bytes)));
    return bytes;
  }

  RunDir run = value_or_throw(RunDir::create());
  std::shared_ptr<const BlockSource> base;
  std::unique_ptr<LoopWorkloads> workloads;
};

// "+a" where the write at a block begins, "-a" where it is complete, "F" where a flush is
// sent: a is block 0, b block 1.
std::string order_of(const test::MemorySink& sink) {
  std::string order;
  for (const test::MemorySink::Event& event : sink.events()) {
    const bool begins = event.what == "submit";
    if (event.what == "mark") {
      continue;
    }
    if (event.submission.op == Op::kFlush) {
      order += begins ? "F" : "";
    } else {
      order += begins ? '+' : '-';
      order += static_cast<char>('a' + event.submission.offset_bytes / 4096);
    }
  }
  return order;
}

TEST_CASE("a workload works on the raw disk itself", "[device][loop_workload][raw]") {
  const RawBench bench;
  test::MarkSink sink;
  const LoopWorkloadEnd end = bench.perform(
      "open @d disk direct\nwrite @d 4K 8K\nfsync @d\nwrite disk 64K 4K\nfdatasync disk\n"
      "write disk 128K 100\n",
      sink);
  CHECK(end.mount_problem.empty());
  CHECK_FALSE(end.performed.failed);
  CHECK(sink.marks ==
        std::vector<std::string>{"begin", "ack 2", "ack 4", "operations-done", "end"});
  const std::string disk = bench.disk();
  CHECK((disk.substr(0, 4096) == bench.poison(0, 4096)));
  CHECK((disk.substr(4096, 8192) == test::stamped(1, 4096, 8192)));
  CHECK((disk.substr(12288, 53248) == bench.poison(12288, 65536)));
  CHECK((disk.substr(65536, 4096) == test::stamped(3, 65536, 4096)));
  // What nobody synced was written when the disk was closed.
  CHECK((disk.substr(131072, 100) == test::stamped(5, 131072, 100)));
  CHECK(sink.events.count(Op::kFlush) >= 2);
}

TEST_CASE("the raw disk begins anew with each workload", "[device][loop_workload][raw]") {
  const RawBench bench;
  for (const char* text : {"write disk 0 4K\nfsync disk\n", "write disk 8K 4K\n"}) {
    test::MarkSink sink;
    CHECK_FALSE(bench.perform(text, sink).performed.failed);
  }
  const std::string disk = bench.disk();
  CHECK((disk.substr(0, 8192) == bench.poison(0, 8192)));
  CHECK((disk.substr(8192, 4096) == test::stamped(0, 8192, 4096)));
}

TEST_CASE("a flush between submit and wait passes what is in flight",
          "[device][loop_workload][raw][submit]") {
  using namespace std::chrono_literals;
  const RawBench bench;
  // Without a pause the driver may send the flush before the write that was sent first.
  const std::string begin = "open @d disk direct\nsubmit @d 0 4K as a\n";
  test::MarkSink early;
  CHECK_FALSE(bench
                  .perform(begin + "sleep 50\nsubmit @d 4K 4K as b\nsleep 50\n"
                                   "fsync @d\nwait a\nwait b\n",
                           early, 300ms)
                  .performed.failed);
  CHECK_THAT(order_of(early.events), Catch::StartsWith("+a+bF"));
  test::MarkSink between;
  CHECK_FALSE(
      bench
          .perform(begin + "sleep 150\nsubmit @d 4K 4K as b\nwait a\nfsync @d\nwait b\n",
                   between, 300ms)
          .performed.failed);
  CHECK_THAT(order_of(between.events), Catch::StartsWith("+a+b-aF-b"));
  test::MarkSink late;
  CHECK_FALSE(
      bench
          .perform(begin + "submit @d 4K 4K as b\nwait a\nwait b\nfsync @d\n", late, 50ms)
          .performed.failed);
  CHECK(order_of(late.events).find('F') == 8);
}

TEST_CASE("thirty writes are in flight at once", "[device][loop_workload][raw][submit]") {
  const RawBench bench;
  test::MarkSink sink;
  CHECK_FALSE(
      bench
          .perform(
              "open @d disk direct\n"
              "repeat i 0 29 { submit @d 0x${i}000 4K as w$i }\nsleep 150\nfsync @d\n"
              "repeat i 0 29 { wait w$i }\n",
              sink, std::chrono::milliseconds(500))
          .performed.failed);
  std::size_t begun = 0;
  for (const test::MemorySink::Event& event : sink.events.events()) {
    if (event.what == "submit" && event.submission.op == Op::kFlush) {
      break;
    }
    begun += event.what == "submit" ? 1 : 0;
    CHECK(event.what != "complete");
  }
  CHECK(begun == 30);
}

TEST_CASE("a write behind the end of the raw disk fails",
          "[device][loop_workload][raw]") {
  const RawBench bench;
  test::MarkSink sink;
  const LoopWorkloadEnd end =
      bench.perform("write disk 0 4K\nwrite disk 1M 4K\nfsync disk\n", sink);
  CHECK(end.performed.failed);
  CHECK(end.performed.failure.operation == 1);
  CHECK(end.performed.failure.error_number == ENOSPC);
  CHECK(sink.marks.back() == "end");
}

}  // namespace
}  // namespace powercut
