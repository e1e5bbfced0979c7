// SPDX-License-Identifier: GPL-2.0-only

#include "workload/name_model.h"

#include "workload/workload_text.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace powercut {
namespace {

// Which operations of the text fail, by line.
std::vector<std::size_t> failing(std::string_view text, NameModel& model) {
  Result<Workload> workload = parse_workload(text, {"w", 1});
  INFO((workload ? "" : workload.error().message));
  REQUIRE(workload);
  std::vector<std::size_t> lines;
  for (const Operation& operation : workload->operations) {
    if (!model.apply(operation)) {
      lines.push_back(operation.line);
    }
  }
  return lines;
}

std::vector<std::size_t> failing(std::string_view text) {
  NameModel model;
  return failing(text, model);
}

using Lines = std::vector<std::size_t>;

TEST_CASE("names are made where a directory is and nothing else", "[names]") {
  CHECK(failing("creat foo\ncreat foo\ncreat A/foo\nmkdir A\ncreat A/foo\nmkdir foo\n"
                "creat foo/bar\nsymlink x A/foo\nlink foo A/foo\nlink foo A/bar\n"
                "link A B\n") == Lines{2, 3, 6, 7, 8, 9, 11});
}

TEST_CASE("only empty directories and no open question are removed", "[names]") {
  CHECK(failing("mkdir A\ncreat A/foo\nrmdir A\nunlink A\nrmdir A/foo\nunlink A/foo\n"
                "unlink A/foo\nrmdir A\nrmdir A\n") == Lines{3, 4, 5, 7, 9});
}

TEST_CASE("renames move what is below and replace what may be replaced", "[names]") {
  NameModel model;
  CHECK(failing("mkdir A\nmkdir A/C\ncreat A/C/foo\nmkdir B\nrename A/C B\n"
                "creat A/C\nrename A A/C/x\nrename A/C B\nrename B A/C\nunlink A/C\n"
                "rename B A/C\nfsync A/C/foo\nrename A A/C/D\nrename gone foo\n",
                model) == Lines{7, 8, 9, 13, 14});
  CHECK(model.children("A/C") == std::vector<std::string>{"A/C/foo"});
  CHECK(failing("mkdir A\ncreat A/x\nmkdir B\nrename B A\nunlink A/x\nrename B A\n"
                "creat a\ncreat b\nrename a b noreplace\nrename a c noreplace\n"
                "rename A c exchange\nfsync A\nmkdir c/d\nrename c c/d exchange\n") ==
        Lines{4, 9, 14});
}

TEST_CASE("two names of a file are one file", "[names]") {
  NameModel model;
  CHECK(failing("creat a\nlink a b\nappend a 10\nrename a b\n", model).empty());
  CHECK(model.find("a") == model.find("b"));
  CHECK(model.find("b")->size_bytes == 10);
}

TEST_CASE("handles stay with their file", "[names]") {
  NameModel model;
  CHECK(failing("open @h a\nclose @h\nopen @h a create\nopen @i a create excl\n"
                "unlink a\nappend @h 100\nfsync @h\nmkdir A\nopen @t A tmpfile\n"
                "append @t 7\nopen @d A directory\nopen @x A\n",
                model) == Lines{1, 2, 4, 12});
  CHECK(model.find("a") == nullptr);
  CHECK(model.find_handle("h")->size_bytes == 100);
  CHECK(model.find_handle("t")->size_bytes == 7);
  CHECK(model.find_handle("i") == nullptr);
}

TEST_CASE("direct writes are of whole blocks, mapped ones within the size", "[names]") {
  CHECK(failing("open @h a create direct\nwrite @h 0 4K\nwrite @h 100 4K\n"
                "write @h 4K 100\nmmap-write a 0 4K\nmsync a 0 4K\nmmap-write a 1 4K\n"
                "mmap-write a 0 4K\nsync\nmsync a 0 4K\n") == Lines{3, 4, 7, 10});
}

TEST_CASE("attributes, ranges and links know what has them", "[names]") {
  CHECK(failing("creat a\nsetxattr a user.x 1\nremovexattr a user.x\n"
                "removexattr a user.x\nsymlink a s\nsetxattr s user.x 1\nchmod s 0700\n"
                "fsync s\nwrite s 0 1\nfalloc a zero 0 9\nfalloc a collapse 0 4K\n"
                "falloc s keep 0 1\ntruncate a 100\nlink s t\nmknod p fifo\n"
                "fsync p\nsetxattr a trusted.x 1\n") ==
        Lines{4, 6, 7, 8, 9, 11, 12, 16, 17});
}

}  // namespace
}  // namespace powercut
