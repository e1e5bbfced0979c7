// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/tree_copy.h"

#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using test::Image;
using test::run_program;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct stat status_of(const fs::path& path) {
  struct stat status = {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

// A place for a copy, beside which there is something that must stay as it is.
class CopyPlace : public Image {
 public:
  CopyPlace() : Image(16 << 20) {
    fs::create_directory(copy());
    fs::create_directory(file("outside"));
    std::ofstream(file("outside") / "keep") << "kept";
  }

  fs::path copy() const { return file("copy"); }

  Result<std::vector<std::string>> copy_files(const Ext2Files& files) const {
    const Fd directory = value_or_throw(Fd::open(copy(), O_RDONLY | O_DIRECTORY));
    return copy_tree(subject(), 0, files, directory);
  }

  bool untouched() const {
    return content_of(file("outside") / "keep") == "kept" &&
           std::distance(fs::directory_iterator(file("outside")), {}) == 1;
  }
};

std::uint64_t size_of_node(const Ext2Files& files, const std::string& path) {
  const auto found =
      std::find_if(files.tree.begin(), files.tree.end(),
                   [&](const FileNode& node) { return node.path == path; });
  REQUIRE(found != files.tree.end());
  return found->size_bytes;
}

bool has_attributes(const fs::path& path) {
  return ::setxattr(path.c_str(), "user.probe", "", 0, 0) == 0 &&
         ::removexattr(path.c_str(), "user.probe") == 0;
}

void fill(const fs::path& root) {
  fs::create_directories(root / "dir" / "inner");
  std::ofstream(root / "dir" / "file") << std::string(9000, 'x');
  fs::create_hard_link(root / "dir" / "file", root / "twin");
  std::ofstream(root / "empty");
  const Fd fd = value_or_throw(Fd::open(root / "sparse", O_RDWR | O_CREAT));
  const std::string bytes(4096, 's');
  value_or_throw(
      write_fully(fd, std::as_bytes(std::span(bytes)), 8 << 20, root / "sparse"));
  fs::resize_file(root / "sparse", 9 << 20);
  fs::create_symlink("/etc/passwd", root / "link");
  REQUIRE(::mkfifo((root / "fifo").c_str(), 0644) == 0);
}

TEST_CASE("a copy has what the disk has, but for what could do harm",
          "[checkers][tree_copy]") {
  for (const std::vector<std::string>& kind :
       std::vector<std::vector<std::string>>{{"-t", "ext4", "-b", "4096"},
                                             {"-t", "ext4", "-O", "inline_data"},
                                             {"-t", "ext2", "-b", "1024"}}) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const CopyPlace place;
    fs::create_directory(place.file("root"));
    fill(place.file("root"));
    std::vector<std::string> argv = {"mke2fs", "-F", "-q", "-d", place.file("root")};
    argv.insert(argv.end(), kind.begin(), kind.end());
    argv.push_back(place.path());
    run_program(argv);
    const auto debugfs = [&](const std::string& request) {
      run_program({"debugfs", "-w", "-R", request, place.path()});
    };
    // Later, for mke2fs need not be root.
    debugfs("set_inode_field dir/file mode 0104751");
    debugfs("set_inode_field dir/inner mode 041000");
    debugfs("set_inode_field empty mode 0100000");
    debugfs("set_inode_field dir mode 040500");
    std::ofstream(place.file("small")) << "a few bytes";
    debugfs(fmt::format("write {} small", place.file("small").native()));
    const bool attributes = has_attributes(place.copy());
    if (attributes) {
      debugfs("ea_set /twin user.x value");
      debugfs("ea_set /dir user.y other");
      debugfs("ea_set /dir trusted.z hidden");
    }
    const Ext2Files files =
        value_or_throw(read_ext2_files(place.subject(), 0, kUnitsToCopy));
    CHECK(value_or_throw(place.copy_files(files)) == std::vector<std::string>{"/fifo"});
    const fs::path copy = place.copy();
    CHECK(content_of(copy / "dir" / "file") == std::string(9000, 'x'));
    CHECK(fs::equivalent(copy / "dir" / "file", copy / "twin"));
    CHECK(content_of(copy / "small") == "a few bytes");
    // As debugfs reads it, but for a hole at its end; mke2fs -d does not always make what
    // was there.
    debugfs(fmt::format("dump sparse {}", place.file("sparse").native()));
    std::string sparse = content_of(place.file("sparse"));
    sparse.resize(size_of_node(files, "/sparse"));
    CHECK(sparse.substr(8 << 20, 4096) == std::string(4096, 's'));
    CHECK((content_of(copy / "sparse") == sparse));  // too long to be shown
    CHECK(status_of(copy / "sparse").st_blocks * 512 < 1 << 20);
    CHECK(fs::read_symlink(copy / "link") == "/etc/passwd");
    CHECK_FALSE(fs::exists(copy / "fifo"));
    // Neither set-user-ID, nor a top that others may enter.
    CHECK((status_of(copy / "dir" / "file").st_mode & 07777) == 0751);
    CHECK((status_of(copy / "dir" / "inner").st_mode & 07777) == 01000);
    CHECK((status_of(copy / "dir").st_mode & 07777) == 0500);
    CHECK((status_of(copy / "empty").st_mode & 07777) == 0);
    CHECK((status_of(copy).st_mode & 07777) == 0700);
    for (const char* name : {".", "dir", "dir/file", "link", "dir/inner"}) {
      CHECK(status_of(copy / name).st_mtim.tv_sec == 946684800);
    }
    if (attributes) {
      std::string value(100, '\0');
      value.resize(static_cast<std::size_t>(
          ::getxattr((copy / "twin").c_str(), "user.x", value.data(), value.size())));
      CHECK(value == "value");
      CHECK(::getxattr((copy / "dir").c_str(), "user.y", nullptr, 0) == 5);
      CHECK(::getxattr((copy / "dir").c_str(), "trusted.z", nullptr, 0) < 0);
    }
  }
}

FileNode node(const std::string& path, std::uint32_t mode, std::uint64_t inode) {
  FileNode made;
  made.path = path;
  made.mode = mode;
  made.inode = inode;
  return made;
}

// A tree with the top, and the nodes given; what no mke2fs would make.
Ext2Files tree_of(std::vector<FileNode> nodes) {
  Ext2Files files;
  files.tree = {node("/", S_IFDIR | 0755, 2)};
  for (FileNode& one : nodes) {
    files.tree.push_back(std::move(one));
  }
  return files;
}

TEST_CASE("no name leads out of a copy", "[checkers][tree_copy]") {
  for (const std::string path :
       {"/../outside/new", "/..", "/dir/../../outside/new", "/.", "//", "/dir//x", "new",
        "../outside/new", "/dir/", "/../outside/keep", "/nowhere/new"}) {
    CAPTURE(path);
    for (const std::uint32_t mode : {S_IFREG | 0644U, S_IFDIR | 0755U, S_IFLNK | 0777U}) {
      const CopyPlace place;
      FileNode bad = node(path, mode, 13);
      bad.target = "anywhere";
      const Result<std::vector<std::string>> copied =
          place.copy_files(tree_of({node("/dir", S_IFDIR | 0755, 12), bad}));
      REQUIRE_FALSE(copied.has_value());
      CHECK(copied.error().kind == ErrorKind::kBadInput);
      CHECK(place.untouched());
      CHECK_FALSE(fs::exists(place.file("new")));
    }
  }
  const CopyPlace place;
  CHECK_FALSE(
      place.copy_files(tree_of({node(std::string("/a\0b", 4), S_IFREG | 0644, 12)})));
}

TEST_CASE("no symbolic link is followed", "[checkers][tree_copy]") {
  for (const std::string below : {"/link/new", "/link/keep", "/link"}) {
    CAPTURE(below);
    const CopyPlace place;
    FileNode link = node("/link", S_IFLNK | 0777, 12);
    link.target = place.file("outside");
    const Result<std::vector<std::string>> copied =
        place.copy_files(tree_of({link, node(below, S_IFREG | 0644, 13)}));
    REQUIRE_FALSE(copied.has_value());
    CHECK(copied.error().kind == ErrorKind::kBadInput);
    CHECK(place.untouched());
  }
  // Content and a second name of what is a link.
  const CopyPlace place;
  FileNode link = node("/link", S_IFLNK | 0777, 12);
  link.target = place.file("outside") / "keep";
  Ext2Files files = tree_of({link});
  Ext2DataUnit unit;
  unit.path = "/link";
  unit.length_bytes = 5;
  unit.inline_content = "other";
  files.units = {unit};
  CHECK_FALSE(place.copy_files(files));
  CHECK(place.untouched());
}

TEST_CASE("a block that is in many files does not fill this machine",
          "[checkers][tree_copy]") {
  const CopyPlace place;
  FileNode file = node("/file", S_IFREG | 0644, 12);
  file.size_bytes = 1 << 30;
  Ext2Files files = tree_of({file});
  for (std::uint64_t i = 0; i < 300; ++i) {
    Ext2DataUnit unit;
    unit.path = "/file";
    unit.offset_bytes = i << 16;
    unit.length_bytes = 1 << 16;
    unit.pieces = {{0, 0, 1 << 16}};
    files.units.push_back(unit);
  }
  const Result<std::vector<std::string>> copied = place.copy_files(files);
  REQUIRE_FALSE(copied.has_value());
  CHECK(copied.error().kind == ErrorKind::kBadInput);
  files.units.resize((16 << 20) >> 16);
  fs::remove(place.copy() / "file");
  CHECK(place.copy_files(files));
}

TEST_CASE("a tree that is deep is copied", "[checkers][tree_copy]") {
  const CopyPlace place;
  std::vector<FileNode> nodes;
  std::string path;
  for (std::uint64_t depth = 0; depth < 2500; ++depth) {
    path += "/d";
    nodes.push_back(node(path, S_IFDIR | 0755, 12 + depth));
  }
  nodes.push_back(node(path + "/file", S_IFREG | 0644, 11));
  CHECK(place.copy_files(tree_of(nodes)));
}

}  // namespace
}  // namespace powercut
