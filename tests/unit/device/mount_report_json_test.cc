// SPDX-License-Identifier: GPL-2.0-only

#include "device/mount_report_json.h"

#include "device/problem_list.h"
#include "device/visit_process.h"

#include <catch2/catch.hpp>

namespace powercut {
namespace {

std::string all_bytes() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

MountReport full_report() {
  MountReport report;
  report.mount_errno = 117;
  FileNode root;
  root.path = "/";
  root.mode = 040755;
  root.links = 3;
  FileNode odd;
  odd.path = "/" + all_bytes().substr(1);
  odd.mode = 0100644;
  odd.uid = 0xffffffff;
  odd.gid = 12;
  odd.links = std::uint64_t{1} << 40;
  odd.size_bytes = (std::uint64_t{1} << 63) + 5;
  odd.device = std::uint64_t{8} << 32 | 1;
  odd.target = all_bytes();
  odd.attributes = {{"user.a", all_bytes()}, {"user.empty", ""}};
  odd.extents = {{0, 4096, false}, {std::uint64_t{1} << 50, 512, true}};
  report.tree = {root, odd};
  report.problems = {"readdir /a: Input/output error", "\xff"};
  report.kernel_messages = {"EXT4-fs (<disk>): x"};
  report.data = {{"/a", 0, 0, "0011", ""},
                 {"/a", 4096, 5, "", ""},
                 {odd.path, 0, 0, "22", "a broken stamp"},
                 {"/a", 8192, 0, "33", ""}};
  report.machine_failure = "kernel panic: \x80";
  report.console_tail = "line\nline\x01\n";
  report.timed_out = true;
  return report;
}

bool equal(const MountReport& a, const MountReport& b) {
  const auto same_unit = [](const DataUnit& x, const DataUnit& y) {
    return x.path == y.path && x.offset_bytes == y.offset_bytes && x.error == y.error &&
           x.digest == y.digest && x.problem == y.problem;
  };
  return a.mount_errno == b.mount_errno && a.tree == b.tree && a.problems == b.problems &&
         a.kernel_messages == b.kernel_messages &&
         std::equal(a.data.begin(), a.data.end(), b.data.begin(), b.data.end(),
                    same_unit) &&
         a.machine_failure == b.machine_failure && a.console_tail == b.console_tail &&
         a.timed_out == b.timed_out;
}

TEST_CASE("a report comes back from JSON as it was, whatever bytes are in it",
          "[device][mount_report]") {
  const MountReport full = full_report();
  CHECK(equal(value_or_throw(mount_report_from_json(to_json(full))), full));
  const MountReport empty;
  CHECK(equal(value_or_throw(mount_report_from_json(to_json(empty))), empty));
  CHECK_FALSE(equal(full, empty));
}

TEST_CASE("a request comes back from JSON as it was", "[device][mount_report]") {
  MountRequest request;
  request.type = "ext4";
  request.options = "data=journal,\xff";
  request.walk = false;
  request.use = true;
  request.data_unit_bytes = 4096;
  request.timeout = std::chrono::milliseconds(1234);
  const MountRequest back = value_or_throw(mount_request_from_json(to_json(request)));
  CHECK(back.type == request.type);
  CHECK(back.options == request.options);
  CHECK(back.walk == request.walk);
  CHECK(back.use == request.use);
  CHECK(back.data_unit_bytes == request.data_unit_bytes);
  CHECK(back.timeout == request.timeout);
}

TEST_CASE("text that is no report or request is an error, and no more",
          "[device][mount_report]") {
  for (const std::string text :
       {"", "{", "[]", "{}", "{\"type\": 3}", "null", "\"\xff\""}) {
    CAPTURE(text);
    CHECK(mount_report_from_json(text).error().kind == ErrorKind::kBadInput);
    CHECK(mount_request_from_json(text).error().kind == ErrorKind::kBadInput);
  }
  std::string wide = to_json(full_report());
  wide.replace(wide.find("user.a"), 6, "\\u0416");  // no byte
  CHECK_FALSE(mount_report_from_json(wide));
  const std::string whole = to_json(full_report());
  for (std::size_t cut = 0; cut < whole.size(); cut += 7) {
    CHECK_FALSE(mount_report_from_json(whole.substr(0, cut)));
  }
}

TEST_CASE("what a visit answers is a report or an error", "[device][mount_report]") {
  CHECK(
      value_or_throw(read_visited({"visited", {}, to_json(full_report())})).mount_errno ==
      117);
  const Result<MountReport> failed =
      read_visited({"visited",
                    {{"error", 1}, {"kind", static_cast<int>(ErrorKind::kMissing)}},
                    join_strings({"no such thing", "get one"})});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::kMissing);
  CHECK(failed.error().message == "no such thing");
  CHECK(failed.error().hint == "get one");
  CHECK_FALSE(read_visited({"visited", {{"error", 1}, {"kind", 99}}, ""}));
  CHECK_FALSE(read_visited({"visited", {}, ""}));
}

TEST_CASE("a hundred problems are kept, and the rest counted", "[device][mount_report]") {
  ProblemList list;
  list.add("readdir", "/a b", 5);
  CHECK(list.take() == std::vector<std::string>{"readdir /a\\x20b: Input/output error"});
  CHECK(list.take().empty());
  for (int i = 0; i < 250; ++i) {
    list.add("stat", "/", 5);
  }
  const std::vector<std::string> lines = list.take();
  CHECK(lines.size() == kMaxProblems);
  CHECK(lines.back() == "and 151 more");
}

}  // namespace
}  // namespace powercut
