// SPDX-License-Identifier: GPL-2.0-only

#include "base/file_tree.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <functional>

namespace powercut {
namespace {

FileNode file(const std::string& path) {
  FileNode node;
  node.path = path;
  node.mode = S_IFREG | 0644;
  node.links = 1;
  node.size_bytes = 8192;
  node.extents = {{0, 8192, false}};
  return node;
}

TEST_CASE("a line has every attribute of a node", "[tree]") {
  FileNode node = file("/a/b");
  node.uid = 70000;
  node.gid = 80000;
  node.extents = {{0, 4096, false}, {4096, 4096, true}};
  node.attributes = {{"user.x", "1"}, {"user.y", ""}};
  CHECK(to_line(node) ==
        "/a/b file 0644 70000:80000 links 1 size 8192 extents 0+4096,4096+4096u "
        "user.x=1 user.y=");
  FileNode device;
  device.path = "/null";
  device.mode = S_IFCHR | 04755;
  device.device = std::uint64_t{1} << 32 | 3;
  CHECK(to_line(device) == "/null char 4755 0:0 links 0 device 1:3");
  FileNode link;
  link.path = "/l";
  link.mode = S_IFLNK | 0777;
  link.size_bytes = 3;
  link.target = "a b";
  CHECK(to_line(link) == "/l symlink 0777 0:0 links 0 size 3 -> a\\x20b");
}

TEST_CASE("numbers of inodes and allocated space are told, and not compared", "[tree]") {
  FileNode a = file("/a");
  FileNode b = a;
  b.inode = 12;
  b.allocated_bytes = 16384;
  CHECK(a == b);
  CHECK(to_line(a) == to_line(b));
  CHECK(digest_of({a}) == digest_of({b}));
  CHECK(differences({a}, {b}, "A", "B", 9).empty());
  b.size_bytes = 1;
  CHECK(a != b);
}

TEST_CASE("a line is one line, whatever bytes are in names", "[tree]") {
  CHECK(escape_name("a/b-_.~") == "a/b-_.~");
  CHECK(escape_name("a b\n\\\xc3\xa4\x7f") == "a\\x20b\\x0a\\x5c\\xc3\\xa4\\x7f");
  CHECK(escape_name(std::string_view("\0", 1)) == "\\x00");
}

TEST_CASE("a long value of an attribute is told by its digest", "[tree]") {
  FileNode a = file("/a");
  a.attributes = {{"user.x", std::string(1000, 'x')}};
  FileNode b = a;
  b.attributes[0].second.back() = 'y';
  CHECK(to_line(a).size() < 200);
  CHECK(to_line(a).find("(1000 bytes, ") != std::string::npos);
  CHECK(digest_of({a}) != digest_of({b}));
}

TEST_CASE("digests are equal for equal trees and for no others", "[tree]") {
  const FileTree tree = {file("/a"), file("/b")};
  CHECK(digest_of(tree) == digest_of(FileTree(tree)));
  const std::vector<std::function<void(FileNode&)>> changes = {
      [](FileNode& node) { node.path = "/c"; },
      [](FileNode& node) { node.mode = S_IFREG | 0600; },
      [](FileNode& node) { node.mode = S_IFIFO | 0644; },
      [](FileNode& node) { node.uid = 1; },
      [](FileNode& node) { node.gid = 1; },
      [](FileNode& node) { node.links = 2; },
      [](FileNode& node) { node.size_bytes = 1; },
      [](FileNode& node) { node.device = 1; },
      [](FileNode& node) { node.target = "x"; },
      [](FileNode& node) {
        node.attributes = {{"user.x", "1"}};
      },
      [](FileNode& node) { node.extents[0].length_bytes = 4096; },
      [](FileNode& node) { node.extents[0].offset_bytes = 4096; },
      [](FileNode& node) { node.extents[0].unwritten = true; }};
  for (const std::function<void(FileNode&)>& change : changes) {
    FileTree changed = tree;
    change(changed[1]);
    INFO(to_line(changed[1]));
    CHECK(digest_of(changed) != digest_of(tree));
    CHECK_FALSE(differences(tree, changed, "A", "B", 10).empty());
  }
}

TEST_CASE("normalising sorts, merges touching extents and cuts at the size", "[tree]") {
  FileNode node = file("/b");
  node.size_bytes = 9000;
  node.extents = {{8192, 4096, false},
                  {0, 4096, false},
                  {4096, 4096, false},
                  {16384, 4096, false},
                  {12288, 4096, true}};
  node.attributes = {{"user.b", "2"}, {"user.a", "1"}};
  FileTree tree = {node, file("/a")};
  normalise(tree);
  REQUIRE(tree.size() == 2);
  CHECK(tree[0].path == "/a");
  CHECK(tree[1].extents == std::vector<FileExtent>{{0, 9000, false}});
  CHECK(tree[1].attributes.front().first == "user.a");
}

TEST_CASE("extents of two kinds, and such with a hole between, stay apart", "[tree]") {
  FileNode node = file("/a");
  node.size_bytes = 1 << 20;
  const std::vector<FileExtent> extents = {
      {0, 4096, false}, {4096, 4096, true}, {12288, 4096, true}};
  node.extents = extents;
  FileTree tree = {node};
  normalise(tree);
  CHECK(tree[0].extents == extents);
}

TEST_CASE("differences name the tree that has a node, or both nodes", "[tree]") {
  FileTree a = {file("/a"), file("/b"), file("/d")};
  FileTree b = {file("/b"), file("/c"), file("/d")};
  b[0].uid = 5;
  const std::vector<std::string> lines = differences(a, b, "ours", "theirs", 10);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "only in ours: " + to_line(a[0]));
  CHECK(lines[1] == "differs: " + to_line(a[1]) + " | " + to_line(b[0]));
  CHECK(lines[2] == "only in theirs: " + to_line(b[1]));
  CHECK(differences(a, b, "ours", "theirs", 2).size() == 2);
  CHECK(differences(a, a, "ours", "theirs", 10).empty());
  CHECK(differences({}, b, "ours", "theirs", 10).size() == 3);
}

}  // namespace
}  // namespace powercut
