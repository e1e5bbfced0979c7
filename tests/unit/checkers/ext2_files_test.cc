// SPDX-License-Identifier: GPL-2.0-only
//
// What is read of images that mke2fs -d and debugfs made. That a kernel sees the same, is
// in ext2_kernel_test.

#include "checkers/ext2_files.h"

#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using test::Image;
using test::run_program;

// An image of what is in a directory, with the arguments of mke2fs.
class TreeImage : public Image {
 public:
  explicit TreeImage(std::vector<std::string> arguments) : Image(16 << 20) {
    const fs::path root = file("root");
    fs::create_directories(root / "a" / "b");
    fs::permissions(root, fs::perms(0755));
    fs::permissions(root / "a", fs::perms(0750));
    std::ofstream(root / "a" / "small") << "hi\n";
    std::ofstream(root / "a" / "large") << std::string(20000, 'x');
    fs::create_hard_link(root / "a" / "small", root / "a" / "twin");
    fs::create_symlink("target", root / "short");
    fs::create_symlink(std::string(200, 'l'), root / "long");
    REQUIRE(::mkfifo((root / "fifo").c_str(), 0600) == 0);
    std::vector<std::string> argv = {"mke2fs", "-F", "-q", "-d", root.string()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.push_back(path());
    run_program(argv);
    debugfs("set_inode_field /a/small uid 70000");
    debugfs("set_inode_field /a/small gid 80000");
    debugfs("set_inode_field /a/small generation 77");
    debugfs("ea_set /a/large user.x value");
    debugfs("ea_set /a/large user.big " + std::string(300, 'v'));
    debugfs("mknod disk b 8 1");
  }

  void debugfs(const std::string& request) const {
    run_program({"debugfs", "-w", "-R", request, path()});
  }

  Ext2Files files(std::uint32_t unit_bytes = 0) const {
    return value_or_throw(read_ext2_files(subject(), 0, {unit_bytes}));
  }
};

const FileNode& node_at(const Ext2Files& files, const std::string& path) {
  const auto found =
      std::find_if(files.tree.begin(), files.tree.end(),
                   [&](const FileNode& node) { return node.path == path; });
  REQUIRE(found != files.tree.end());
  return *found;
}

void check_tree(const Ext2Files& files) {
  std::vector<std::string> paths;
  for (const FileNode& node : files.tree) {
    paths.push_back(node.path);
  }
  CHECK(paths == std::vector<std::string>{"/", "/a", "/a/b", "/a/large", "/a/small",
                                          "/a/twin", "/disk", "/fifo", "/long",
                                          "/lost+found", "/short"});
  CHECK(node_at(files, "/").links == 4);
  CHECK(node_at(files, "/a").mode == (S_IFDIR | 0750));
  CHECK(node_at(files, "/a").size_bytes == 0);
  const FileNode& small = node_at(files, "/a/small");
  CHECK(small.uid == 70000);
  CHECK(small.gid == 80000);
  CHECK(small.links == 2);
  CHECK(small.size_bytes == 3);
  FileNode twin = node_at(files, "/a/twin");
  twin.path = small.path;
  CHECK(twin == small);
  const FileNode& large = node_at(files, "/a/large");
  CHECK(large.extents == std::vector<FileExtent>{{0, 20000, false}});
  CHECK(large.attributes ==
        std::vector<std::pair<std::string, std::string>>{
            {"user.big", std::string(300, 'v')}, {"user.x", "value"}});
  CHECK(node_at(files, "/short").target == "target");
  CHECK(node_at(files, "/short").size_bytes == 6);
  CHECK(node_at(files, "/long").target == std::string(200, 'l'));
  CHECK(node_at(files, "/fifo").mode == (S_IFIFO | 0600));
  CHECK(node_at(files, "/disk").device == (std::uint64_t{8} << 32 | 1));
}

TEST_CASE("the tree of an image is what was put into it", "[checkers][ext2_files]") {
  const std::vector<std::vector<std::string>> kinds = {
      {"-t", "ext4"},
      {"-t", "ext4", "-b", "1024"},
      {"-t", "ext4", "-b", "65536", "-O", "^has_journal"},
      {"-t", "ext4", "-O", "inline_data", "-I", "256"},
      {"-t", "ext3", "-I", "128"},
      {"-t", "ext2", "-b", "2048"}};
  for (const std::vector<std::string>& kind : kinds) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    check_tree(TreeImage(kind).files());
  }
}

TEST_CASE("inline content is an extent, and no unit", "[checkers][ext2_files]") {
  const TreeImage image({"-t", "ext4", "-O", "inline_data", "-I", "256"});
  const Ext2Files files = image.files(4096);
  CHECK(node_at(files, "/a/small").extents == std::vector<FileExtent>{{0, 3, false}});
  CHECK(std::none_of(files.units.begin(), files.units.end(),
                     [](const Ext2DataUnit& unit) { return unit.path == "/a/small"; }));
}

TEST_CASE("units are the written pieces of files, each inode once",
          "[checkers][ext2_files]") {
  for (const char* block : {"1024", "4096"}) {
    const TreeImage image({"-t", "ext4", "-b", block});
    const Ext2Files files = image.files(4096);
    std::vector<std::string> units;
    for (const Ext2DataUnit& unit : files.units) {
      units.push_back(
          fmt::format("{}+{}:{}", unit.path, unit.offset_bytes, unit.length_bytes));
    }
    CHECK(units == std::vector<std::string>{"/a/large+0:4096", "/a/large+4096:4096",
                                            "/a/large+8192:4096", "/a/large+12288:4096",
                                            "/a/large+16384:3616", "/a/small+0:3"});
    CHECK(files.units.back().generation == 77);
    for (const Ext2DataUnit& unit : files.units) {
      const std::vector<std::byte> bytes =
          value_or_throw(read_unit(image.subject(), 0, unit));
      const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      CHECK(text == (unit.path == "/a/small" ? "hi\n" : std::string(bytes.size(), 'x')));
    }
  }
}

TEST_CASE("holes and unwritten extents are told, and are no data",
          "[checkers][ext2_files]") {
  const TreeImage image({"-t", "ext4", "-b", "4096"});
  image.debugfs("punch /a/large 1 1");
  image.debugfs("fallocate /a/large 8 9");
  image.debugfs("set_inode_field /a/large size 40960");
  const Ext2Files files = image.files(8192);
  CHECK(node_at(files, "/a/large").extents ==
        std::vector<FileExtent>{
            {0, 4096, false}, {8192, 12288, false}, {32768, 8192, true}});
  std::vector<std::uint64_t> offsets;
  for (const Ext2DataUnit& unit : files.units) {
    if (unit.path == "/a/large") {
      offsets.push_back(unit.offset_bytes);
    }
  }
  CHECK(offsets == std::vector<std::uint64_t>{0, 8192, 16384});
  // Of the first unit the second half is a hole.
  const std::vector<std::byte> bytes =
      value_or_throw(read_unit(image.subject(), 0, files.units[0]));
  CHECK(std::count(bytes.begin(), bytes.end(), std::byte{'x'}) == 4096);
  CHECK(std::count(bytes.begin(), bytes.end(), std::byte{0}) == 4096);
}

TEST_CASE("what is no ext4, or holds not together, is bad input",
          "[checkers][ext2_files]") {
  const TreeImage image({"-t", "ext4"});
  const std::string superblock = image.read(1024, 1024);
  image.write(1024, std::string(1024, '\0'));
  CHECK(read_ext2_files(image.subject(), 0).error().kind == ErrorKind::kBadInput);
  image.write(1024, superblock);
  CHECK(read_ext2_files(image.subject(), 0).has_value());
  image.debugfs("link /a /a/b/loop");
  const Result<Ext2Files> looped = read_ext2_files(image.subject(), 0);
  REQUIRE_FALSE(looped.has_value());
  CHECK(looped.error().kind == ErrorKind::kBadInput);
}

TEST_CASE("an error of the disk comes through as it is", "[checkers][ext2_files]") {
  const TreeImage image({"-t", "ext4"});
  Subject subject = image.subject();
  int reads = 0;
  const auto read = subject.read;
  subject.read = [&](std::size_t disk, std::uint64_t offset,
                     std::span<std::byte> out) -> Status {
    return ++reads == 5 ? fail(ErrorKind::kSystem, "the disk is on fire")
                        : read(disk, offset, out);
  };
  const Result<Ext2Files> files = read_ext2_files(subject, 0);
  REQUIRE_FALSE(files.has_value());
  CHECK(files.error().message == "the disk is on fire");
}

TEST_CASE("encrypted inodes and such with verity cannot be looked into",
          "[checkers][ext2_files]") {
  for (const char* flags : {"0x80800", "0x180000"}) {
    const TreeImage image({"-t", "ext4"});
    image.debugfs(std::string("set_inode_field /a/small flags ") + flags);
    const Result<Ext2Files> files = read_ext2_files(image.subject(), 0);
    REQUIRE_FALSE(files.has_value());
    CHECK(files.error().kind == ErrorKind::kUsage);
    CHECK_FALSE(files.error().hint.empty());
  }
}

}  // namespace
}  // namespace powercut
