// SPDX-License-Identifier: GPL-2.0-only

#include "device/mount_report_json.h"

#include "base/base64.h"
#include "base/random.h"
#include "device/guest/channel.h"
#include "device/problem_list.h"
#include "device/visit_process.h"

#include <catch2/catch.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <thread>

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
  odd.inode = (std::uint64_t{1} << 63) + 7;
  odd.allocated_bytes = std::uint64_t{1} << 62;
  odd.extents = {{0, 4096, false}, {std::uint64_t{1} << 50, 512, true}};
  report.tree = {root, odd};
  report.problems = {"readdir /a: Input/output error", "\xff"};
  report.kernel_messages = {"EXT4-fs (<disk>): x"};
  report.data = {{"/a", 0, 0, "0011", ""},
                 {"/a", 4096, 5, "", ""},
                 {odd.path, 0, 0, "22", "a broken stamp", all_bytes()},
                 {"/a", 8192, 0, "33", "", std::string(4096, '\0')},
                 {"/a", 12288, 0, "44", "", "x"}};
  report.machine_failure = "kernel panic: \x80";
  report.console_tail = "line\nline\x01\n";
  report.timed_out = true;
  return report;
}

bool equal(const MountReport& a, const MountReport& b) {
  const auto same_unit = [](const DataUnit& x, const DataUnit& y) {
    return x.path == y.path && x.offset_bytes == y.offset_bytes && x.error == y.error &&
           x.digest == y.digest && x.problem == y.problem && x.bytes == y.bytes;
  };
  // What trees are not compared by.
  const auto same_place = [](const FileNode& x, const FileNode& y) {
    return x.inode == y.inode && x.allocated_bytes == y.allocated_bytes;
  };
  return a.mount_errno == b.mount_errno && a.tree == b.tree &&
         std::equal(a.tree.begin(), a.tree.end(), b.tree.begin(), b.tree.end(),
                    same_place) &&
         a.problems == b.problems && a.kernel_messages == b.kernel_messages &&
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
  request.want_bytes = true;
  request.timeout = std::chrono::milliseconds(1234);
  const MountRequest back = value_or_throw(mount_request_from_json(to_json(request)));
  CHECK(back.type == request.type);
  CHECK(back.options == request.options);
  CHECK(back.walk == request.walk);
  CHECK(back.use == request.use);
  CHECK(back.data_unit_bytes == request.data_unit_bytes);
  CHECK(back.want_bytes == request.want_bytes);
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

// The JSON of a report with one unit whose content is `told`, or of one file with more.
std::string with_content(const std::string& told) {
  MountReport report;
  report.data = {{"/a", 0, 0, "d", "", "x"}};
  std::string json = to_json(report);
  json.replace(json.find("\"eA==\""), 6, told);
  return json;
}

TEST_CASE("content of a unit that is none is an error, and costs no memory",
          "[device][mount_report]") {
  const auto read = [](const std::string& told) {
    return mount_report_from_json(with_content(told));
  };
  CHECK(value_or_throw(read("\"eHk=\"")).data.at(0).bytes == "xy");
  CHECK(value_or_throw(read("65536")).data.at(0).bytes == std::string(65536, '\0'));
  for (const std::string told : {"65537", "1e300", "18446744073709551615", "-1", "null",
                                 "[]", "\"eA=\"", "\"\u00e4\"", "true"}) {
    CAPTURE(told);
    REQUIRE_FALSE(read(told));
    CHECK(read(told).error().kind == ErrorKind::kBadInput);
  }
  CHECK(read('"' + to_base64(std::string(kMaxToldUnitBytes, 'x')) + '"'));
  CHECK_FALSE(read('"' + to_base64(std::string(kMaxToldUnitBytes + 1, 'x')) + '"'));
}

TEST_CASE("numbers of a node that are none are an error", "[device][mount_report]") {
  MountReport report;
  FileNode node;
  node.path = "/";
  node.inode = 123454321;
  node.allocated_bytes = 678909876;
  report.tree = {node};
  for (const std::string number : {"123454321", "678909876"}) {
    for (const char* bad : {"\"1\"", "[]", "null"}) {
      std::string json = to_json(report);
      json.replace(json.find(number), number.size(), bad);
      CHECK_FALSE(mount_report_from_json(json));
    }
  }
}

TEST_CASE("256 units of 4 KiB pass through the channel", "[device][mount_report]") {
  MountReport report;
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::string bytes;
    Random random(i);
    for (int at = 0; at < 4096; ++at) {
      bytes += static_cast<char>(random.below(256));
    }
    report.data.push_back({"/a", i * 4096, 0, "d", "", std::move(bytes)});
  }
  const std::string json = to_json(report);
  CHECK(json.size() < 256 * 4096 * 3 / 2);
  std::array<int, 2> ends = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                       ends.data()) == 0);
  GuestChannel near_end{Fd(ends[0])};
  GuestChannel far_end{Fd(ends[1])};
  std::thread sender([&] { CHECK(near_end.send({"visited", {}, json})); });
  std::optional<GuestMessage> message;
  while (!message) {
    pollfd poller{far_end.fd(), POLLIN, 0};
    ::poll(&poller, 1, 10000);
    REQUIRE(value_or_throw(far_end.receive()));
    message = value_or_throw(far_end.next());
  }
  sender.join();
  CHECK(equal(value_or_throw(read_visited(*message)), report));
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
