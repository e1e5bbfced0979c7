// SPDX-License-Identifier: GPL-2.0-only
//
// Writes that are submitted, in files of a scratch directory.

#include "tests/unit/workload/performed.h"
#include "workload/workload_text.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

// Of a workload's text; nothing where the file system has no O_DIRECT.
std::optional<PerformResult> performed(Performed& here, const std::string& text) {
  const Workload workload = value_or_throw(parse_workload(text, {"test", 1}));
  const PerformResult result = value_or_throw(here.perform(workload));
  if (result.failed &&
      workload.operations[result.failure.operation].kind == OpKind::kOpen &&
      result.failure.error_number == EINVAL) {
    WARN("skipped: no O_DIRECT in " << here.root());
    return std::nullopt;
  }
  return result;
}

TEST_CASE("what was submitted is written when it was waited for", "[perform][submit]") {
  Performed here;
  const std::optional<PerformResult> result =
      performed(here,
                "creat f\nwrite f 0 16K\nopen @h f direct\n"
                "submit @h 4K 4K as a\nsubmit @h 8K 8K as b\nwait b\nfsync @h\n"
                "acknowledge b\nwait a\n");
  if (!result) {
    return;
  }
  CHECK_FALSE(result->failed);
  CHECK(result->done == 9);
  CHECK(here.content("f") ==
        stamped(1, 0, 4096) + stamped(3, 4096, 4096) + stamped(4, 8192, 8192));
  CHECK(here.marks == std::vector<std::string>{"begin",
                                               fmt::format("ack 6 0:{}", here.inode("f")),
                                               "ack 7", "operations-done"});
}

TEST_CASE("a synchronous handle makes the wait an acknowledgement", "[perform][submit]") {
  Performed here;
  if (performed(here,
                "creat f\nwrite f 0 4K\nopen @h f direct dsync\nsubmit @h 0 4K as a\n"
                "wait a\n")) {
    CHECK(here.marks[1].starts_with("ack 4 "));
  }
}

TEST_CASE("many may be in flight at once, under names used again", "[perform][submit]") {
  Performed here;
  const std::optional<PerformResult> result =
      performed(here,
                "creat f\nwrite f 0 1M\nopen @h f direct\n"
                "repeat round 0 3 {\n"
                "  repeat i 0 63 { submit @h 0x${i}000 4K as w$i }\n"
                "  repeat i 0 63 { wait w$i }\n"
                "}\n");
  if (!result) {
    return;
  }
  CHECK_FALSE(result->failed);
  const std::string content = here.content("f");
  for (std::uint64_t i = 0; i < 64; ++i) {
    const std::uint64_t at = std::stoull(fmt::format("{}000", i), nullptr, 16);
    CHECK((content.substr(at, 4096) == stamped(3 + 3 * 128 + i, at, 4096)));
  }
}

TEST_CASE("threads have writes of one name in flight", "[perform][submit]") {
  Performed here;
  const std::optional<PerformResult> result =
      performed(here,
                "creat f\nwrite f 0 8K\n"
                "threads {\n"
                "  thread x { open @x f direct\n submit @x 0 4K as a\n wait a }\n"
                "  thread y { open @y f direct\n submit @y 4K 4K as a\n wait a }\n"
                "}\n");
  if (result) {
    CHECK_FALSE(result->failed);
    CHECK(here.content("f") == stamped(3, 0, 4096) + stamped(6, 4096, 4096));
  }
}

TEST_CASE("a submitted write that fails says so where it is submitted or waited for",
          "[perform][submit]") {
  Performed here;
  Operation submit = data_operation(OpKind::kSubmit, "@h", 0, 4096);
  submit.text = "a";
  Operation wait = operation(OpKind::kWait);
  wait.text = "a";
  CHECK(here.error_of({submit}) == EBADF);
  CHECK(here.error_of({wait}) == EINVAL);
  OpenFlags read_only;
  read_only.read_only = true;
  CHECK(here.error_of({operation(OpKind::kCreate, "f"), open_as("h", "f", read_only),
                       submit, wait}) == EBADF);
}

TEST_CASE("what is in flight when an operation fails is waited for",
          "[perform][submit]") {
  Performed here;
  const std::optional<PerformResult> result =
      performed(here,
                "creat f\nwrite f 0 4K\nopen @h f direct\nsubmit @h 0 4K as a\n"
                "unlink gone\nwait a\n");
  if (result) {
    CHECK(result->failed);
    CHECK(result->failure.operation == 4);
    CHECK(here.content("f") == stamped(3, 0, 4096));
  }
}

TEST_CASE("only a block device is a raw disk", "[perform][raw]") {
  Performed here;
  here.run({operation(OpKind::kCreate, "f")});
  PerformOptions options;
  options.disk = here.root() / "f";
  options.mark = [](std::string_view /*text*/) -> Status { return {}; };
  const Result<PerformResult> result = perform(Workload{}, options);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kUsage);
}

}  // namespace
}  // namespace powercut::test
