// SPDX-License-Identifier: GPL-2.0-only

#include "tests/unit/workload/performed.h"

#include <catch2/catch.hpp>

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <sstream>

namespace powercut {
namespace {

using test::data_operation;
using test::open_as;
using test::operation;
using test::Performed;
using test::two_paths;
using test::write_to;

Operation of_thread(std::uint32_t thread, Operation made) {
  made.thread = thread;
  return made;
}

Operation user_mark(const std::string& text) {
  Operation made = operation(OpKind::kMark);
  made.text = text;
  return made;
}

TEST_CASE("marks tell what is acknowledged and which inodes were made", "[perform]") {
  Performed here;
  // The parser puts the flags of the handle into the write.
  Operation synchronous = write_to("@h", 0, 512);
  synchronous.flags.dsync = true;
  const PerformResult result =
      here.run({operation(OpKind::kMkdir, "d"), operation(OpKind::kCreate, "d/f"),
                operation(OpKind::kFsync, "d/f"), write_to("d/f", 0, 4096),
                operation(OpKind::kFdatasync, "d/f"), user_mark("half way"),
                open_as("h", "g", {.create = true, .dsync = true}), synchronous,
                operation(OpKind::kMknod, "p"), operation(OpKind::kSync),
                data_operation(OpKind::kMmapWrite, "d/f", 0, 10),
                data_operation(OpKind::kMsync, "d/f", 0, 10), operation(OpKind::kSyncfs),
                two_paths(OpKind::kRename, "g", "d/g"), operation(OpKind::kMkdir, "e")});
  REQUIRE_FALSE(result.failed);
  CHECK(result.done == 15);
  CHECK(here.marks ==
        std::vector<std::string>{
            "begin", fmt::format("ack 2 0:{} 1:{}", here.inode("d"), here.inode("d/f")),
            "ack 4", "half way", fmt::format("ack 7 6:{}", here.inode("d/g")),
            fmt::format("ack 9 8:{}", here.inode("p")), "ack 11", "ack 12",
            fmt::format("operations-done 14:{}", here.inode("e"))});
}

TEST_CASE("an empty workload begins and is done", "[perform]") {
  Performed here;
  CHECK(here.run({}).done == 0);
  CHECK(here.marks == std::vector<std::string>{"begin", "operations-done"});
}

TEST_CASE("what fails is marked, and nothing follows", "[perform]") {
  Performed here;
  const PerformResult result =
      here.run({operation(OpKind::kMkdir, "d"), operation(OpKind::kMkdir, "d"),
                operation(OpKind::kMkdir, "e")});
  CHECK(result.failed);
  CHECK(result.done == 1);
  CHECK(result.failure.operation == 1);
  CHECK(result.failure.error_number == EEXIST);
  CHECK_FALSE(here.status("e"));
  CHECK(here.marks ==
        std::vector<std::string>{
            "begin", fmt::format("failed 1 {} 0:{}", EEXIST, here.inode("d"))});
}

TEST_CASE("a refused mark ends everything", "[perform]") {
  Performed here;
  here.refuse_at = GENERATE(0U, 1U, 2U, 3U);
  const Result<PerformResult> result =
      here.perform({{operation(OpKind::kMkdir, "d"), operation(OpKind::kFsync, "d"),
                     user_mark("m"), operation(OpKind::kMkdir, "e")},
                    {}});
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "the log is full");
  CHECK(here.marks.size() == *here.refuse_at);
  CHECK(here.status("e").has_value() == (*here.refuse_at == 3));
}

TEST_CASE("a list of inodes that no mark can hold is told in several", "[perform]") {
  Performed here;
  std::vector<Operation> operations;
  operations.reserve(1001);
  for (int i = 0; i < 1000; ++i) {
    operations.push_back(operation(OpKind::kCreate, fmt::format("f{}", i)));
  }
  operations.push_back(operation(OpKind::kSync));
  REQUIRE_FALSE(here.run(operations).failed);
  std::map<std::size_t, std::uint64_t> told;
  for (const std::string& mark : here.marks) {
    CHECK(mark.size() <= 4000);
    std::istringstream words(mark.substr(mark.find(' ') + 1));
    for (std::string word; words >> word;) {
      if (const std::size_t colon = word.find(':'); colon != std::string::npos) {
        told[std::stoul(word.substr(0, colon))] = std::stoul(word.substr(colon + 1));
      }
    }
  }
  CHECK(here.marks.size() > 3);
  CHECK(here.marks[1].starts_with("made 0:"));
  CHECK(here.marks[here.marks.size() - 2].starts_with("ack 1000 "));
  REQUIRE(told.size() == 1000);
  for (const auto& [number, inode] : told) {
    CHECK(inode == here.inode(fmt::format("f{}", number)));
  }
}

// `count` syncs of a file of its own, in thread `thread`.
void add_thread(Workload& workload, std::uint32_t thread, int count) {
  const std::string path = fmt::format("t{}", thread);
  workload.operations.push_back(of_thread(thread, operation(OpKind::kCreate, path)));
  for (int i = 0; i < count; ++i) {
    workload.operations.push_back(of_thread(thread, write_to(path, 0, 512)));
    workload.operations.push_back(of_thread(thread, operation(OpKind::kFsync, path)));
  }
}

TEST_CASE("threads run at once, each in its order, and are waited for", "[perform]") {
  Performed here;
  Workload workload;
  workload.operations.push_back(operation(OpKind::kSync));
  for (std::uint32_t thread = 1; thread <= 3; ++thread) {
    add_thread(workload, thread, 20);
  }
  workload.groups.push_back({1, workload.operations.size()});
  workload.operations.push_back(operation(OpKind::kSyncfs));
  const std::size_t last = workload.operations.size() - 1;
  const PerformResult result = value_or_throw(here.perform(workload));
  REQUIRE_FALSE(result.failed);
  CHECK(result.done == workload.operations.size());
  REQUIRE(here.marks.size() == 2 + 1 + 60 + 1);
  CHECK(here.marks[1] == "ack 0");
  CHECK(here.marks[here.marks.size() - 2].starts_with(fmt::format("ack {}", last)));
  std::map<std::uint32_t, std::size_t> latest;
  for (std::size_t i = 2; i + 2 < here.marks.size(); ++i) {
    const std::size_t number = std::stoul(here.marks[i].substr(4));
    REQUIRE(number < last);
    std::size_t& before = latest[workload.operations[number].thread];
    CHECK(number > before);
    before = number;
  }
  CHECK(latest.size() == 3);
}

TEST_CASE("threads of a group run at the same time", "[perform]") {
  Performed here;
  Workload workload;
  for (std::uint32_t thread = 1; thread <= 4; ++thread) {
    Operation sleep = of_thread(thread, operation(OpKind::kSleep));
    sleep.length_bytes = 1000;  // milliseconds: one after the other they take 4 s
    workload.operations.push_back(sleep);
  }
  workload.groups.push_back({0, 4});
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  REQUIRE_FALSE(value_or_throw(here.perform(workload)).failed);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  CHECK(took.count() >= 1);
  CHECK(took.count() < 4);
}

TEST_CASE("a thread that fails stops alone, and nothing follows its group", "[perform]") {
  Performed here;
  Workload workload;
  add_thread(workload, 1, 10);
  workload.operations.push_back(of_thread(2, operation(OpKind::kUnlink, "nothing")));
  workload.operations.push_back(of_thread(2, operation(OpKind::kMkdir, "never")));
  workload.groups.push_back({0, workload.operations.size()});
  workload.operations.push_back(operation(OpKind::kMkdir, "after"));
  const PerformResult result = value_or_throw(here.perform(workload));
  CHECK(result.failed);
  CHECK(result.failure.operation == 21);
  CHECK(result.failure.error_number == ENOENT);
  CHECK(result.done == 21);
  CHECK_FALSE(here.status("never"));
  CHECK_FALSE(here.status("after"));
  CHECK(std::ranges::count_if(here.marks, [](const std::string& mark) {
          return mark.starts_with("ack ");
        }) == 10);
  CHECK(here.marks.back() != "operations-done");
  CHECK(std::ranges::count_if(here.marks, [](const std::string& mark) {
          return mark.starts_with(fmt::format("failed 21 {}", ENOENT));
        }) == 1);
}

TEST_CASE("a refused mark in a thread ends the others too", "[perform]") {
  Performed here;
  here.refuse_at = 5;
  Workload workload;
  add_thread(workload, 1, 1000);
  add_thread(workload, 2, 1000);
  workload.groups.push_back({0, workload.operations.size()});
  const Result<PerformResult> result = here.perform(workload);
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "the log is full");
  CHECK(here.marks.size() == 5);
}

TEST_CASE("threads have handles of their own and those of the main thread", "[perform]") {
  Performed here;
  Workload workload;
  workload.operations.push_back(open_as("m", "main", {.create = true}));
  for (const std::uint32_t thread : {1U, 2U}) {
    const std::string path = fmt::format("t{}", thread);
    workload.operations.push_back(
        of_thread(thread, open_as("h", path, {.create = true})));
    workload.operations.push_back(
        of_thread(thread, write_to("@m", std::uint64_t{512} * thread, 512)));
    workload.operations.push_back(of_thread(thread, write_to("@h", 0, thread)));
  }
  workload.groups.push_back({1, 7});
  REQUIRE_FALSE(value_or_throw(here.perform(workload)).failed);
  CHECK(here.content("t1") == test::stamped(3, 0, 1));
  CHECK(here.content("t2") == test::stamped(6, 0, 2));
  CHECK(here.content("main") == std::string(512, '\0') + test::stamped(2, 512, 512) +
                                    test::stamped(5, 1024, 512));
  workload.operations.push_back(write_to("@h", 0, 1));
  CHECK(value_or_throw(here.perform(workload)).failure.error_number == EBADF);
}

TEST_CASE("dropping the caches needs a right", "[perform]") {
  if (::geteuid() == 0) {
    return;  // it would, for the whole machine
  }
  Performed here;
  CHECK(here.error_of({operation(OpKind::kDropCaches)}) == EACCES);
}

}  // namespace
}  // namespace powercut
