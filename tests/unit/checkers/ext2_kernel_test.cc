// SPDX-License-Identifier: GPL-2.0-only
//
// The tree that is read in process is the tree that a walk over a mount by this machine's
// kernel gives.

#include "base/random.h"
#include "checkers/ext2_files.h"
#include "device/loop_device.h"
#include "device/mount.h"
#include "device/mount_visit.h"
#include "tests/support/image_subject.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using test::Image;
using test::run_program;

void set_attribute(const fs::path& path, const char* name, std::string_view value) {
  REQUIRE(::lsetxattr(path.c_str(), name, value.data(), value.size(), 0) == 0);
}

// An ACL in the kernel's form: owner, user 1000, group, mask, others.
std::string acl() {
  const auto entry = [](unsigned char tag, unsigned char permissions, int id) {
    std::string bytes(8, '\0');
    bytes[0] = static_cast<char>(tag);
    bytes[2] = static_cast<char>(permissions);
    for (std::size_t i = 0; i < 4; ++i) {
      bytes[4 + i] = static_cast<char>(id >> (8 * i));
    }
    return bytes;
  };
  return std::string("\2\0\0\0", 4) + entry(1, 6, -1) + entry(2, 4, 1000) +
         entry(4, 4, -1) + entry(16, 4, -1) + entry(32, 0, -1);
}

void write_at(const fs::path& path, std::uint64_t offset, std::size_t length) {
  const Fd fd = value_or_throw(Fd::open(path, O_RDWR | O_CREAT));
  const std::string bytes(length, 'w');
  value_or_throw(write_fully(fd, std::as_bytes(std::span(bytes)), offset, path));
}

void fill(const fs::path& root) {
  fs::create_directories(root / "a" / "many");
  for (int i = 0; i < 300; ++i) {
    std::ofstream(root / "a" / "many" / fmt::format("a rather long name {}", i))
        << std::string(static_cast<std::size_t>(i), 'x');
  }
  std::ofstream(root / "a" / "f") << "hi";
  fs::create_hard_link(root / "a" / "f", root / "a" / "g");
  REQUIRE(::chown((root / "a" / "f").c_str(), 70000, 80000) == 0);
  for (const std::size_t length : {1, 59, 60, 61, 200, 900}) {
    fs::create_symlink(std::string(length, 't'), root / fmt::format("link{}", length));
  }
  REQUIRE(::mknod((root / "old").c_str(), S_IFCHR | 0600, makedev(5, 1)) == 0);
  REQUIRE(::mknod((root / "new").c_str(), S_IFBLK | 0600, makedev(300, 70000)) == 0);
  REQUIRE(::mkfifo((root / "fifo").c_str(), 0644) == 0);
  set_attribute(root / "a" / "f", "user.x", std::string_view("1\0 2", 4));
  set_attribute(root / "a" / "f", "user.big", std::string(500, 'v'));
  set_attribute(root / "a", "trusted.t", "");
  set_attribute(root / "a" / "f", "system.posix_acl_access", acl());
  set_attribute(root / "a", "system.posix_acl_default", acl());
  // A hole, a bit in many pieces, and space that is set aside within and behind the end.
  write_at(root / "sparse", 1000000, 5000);
  for (std::uint64_t i = 0; i < 200; ++i) {
    write_at(root / "pieces", i * 8192, 4096);
  }
  const Fd fd = value_or_throw(Fd::open(root / "reserved", O_RDWR | O_CREAT));
  if (::fallocate(fd.get(), 0, 0, 300000) == 0) {
    REQUIRE(::fallocate(fd.get(), 1, 400000, 100000) == 0);  // keeps the size
  }
  write_at(root / "reserved", 100000, 9000);
  std::ofstream(root / "n\xff\x01 \xc3\xa4") << "name";
}

// Attaches, calls with the path of the device, detaches.
void with_loop(const Image& image,
               const std::function<void(const fs::path& device)>& work) {
  const Fd fd = value_or_throw(Fd::open(image.path(), O_RDWR));
  LoopDevice loop = value_or_throw(LoopDevice::attach(fd, {}));
  work(loop.path());
  REQUIRE(loop.flush_cache());
  REQUIRE(loop.detach());
}

// Made with the arguments of mke2fs, and filled by the kernel.
class FilledImage : public Image {
 public:
  explicit FilledImage(const std::vector<std::string>& kind) : Image(64 << 20) {
    std::vector<std::string> argv = {"mke2fs", "-F", "-q"};
    argv.insert(argv.end(), kind.begin(), kind.end());
    argv.push_back(path());
    run_program(argv);
    const fs::path mountpoint = file("mnt");
    fs::create_directory(mountpoint);
    with_loop(*this, [&](const fs::path& device) {
      Mount mount = value_or_throw(Mount::mount({device, mountpoint, "ext4", ""}));
      fill(mountpoint);
      REQUIRE(mount.unmount());
    });
  }
};

MountReport visit_by_kernel(const Image& image, std::uint32_t data_unit_bytes) {
  MountReport report;
  with_loop(image, [&](const fs::path& device) {
    MountRequest request;
    request.type = "ext4";
    request.data_unit_bytes = data_unit_bytes;
    request.want_bytes = data_unit_bytes != 0;
    report = value_or_throw(visit_mount({device, image.file("mnt"), true}, request,
                                        [](std::size_t /*unit*/) {}));
  });
  REQUIRE(report.sound());
  return report;
}

FileTree by_kernel(const Image& image) {
  return visit_by_kernel(image, 0).tree;
}

// Of those nodes that are alike in all else: numbers of inodes, and what is allocated.
std::vector<std::string> untold_differences(const FileTree& a, const FileTree& b) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i].inode != b[i].inode || a[i].allocated_bytes != b[i].allocated_bytes) {
      lines.push_back(fmt::format("{}: inode {} | {}, allocated {} | {}",
                                  escape_name(a[i].path), a[i].inode, b[i].inode,
                                  a[i].allocated_bytes, b[i].allocated_bytes));
    }
  }
  return lines;
}

TEST_CASE("the kernel's walk gives the same tree", "[checkers][ext2_files][kernel]") {
  const std::vector<std::vector<std::string>> kinds = {
      {"-t", "ext4"},
      {"-t", "ext4", "-b", "1024"},
      {"-t", "ext4", "-O", "inline_data", "-I", "256"},
      {"-t", "ext4", "-O", "inline_data,ea_inode,^metadata_csum", "-I", "1024"},
      {"-t", "ext4", "-O", "bigalloc"},
      {"-t", "ext4", "-b", "2048", "-O", "^extent,^64bit"},
      {"-t", "ext3", "-I", "128"},
      {"-t", "ext2"}};
  for (const std::vector<std::string>& kind : kinds) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const FilledImage image(kind);
    const FileTree tree = by_kernel(image);
    REQUIRE(tree.size() > 300);
    const Ext2Files files = value_or_throw(read_ext2_files(image.subject(), 0));
    const std::vector<std::string> lines =
        differences(tree, files.tree, "the kernel", "ours", 5);
    INFO(fmt::format("{}", fmt::join(lines, "\n")));
    CHECK(lines.empty());
    const std::vector<std::string> untold = untold_differences(tree, files.tree);
    INFO(fmt::format("{}", fmt::join(untold, "\n")));
    CHECK(untold.empty());
    for (const FileNode& node : tree) {
      // "reserved" has blocks behind its size, if the file system can set them aside.
      const bool unwritten =
          std::any_of(node.extents.begin(), node.extents.end(),
                      [](const FileExtent& extent) { return extent.unwritten; });
      CHECK((!unwritten || node.allocated_bytes >= node.size_bytes + 100000));
    }
  }
}

TEST_CASE("the kernel reads the same bytes in the same units",
          "[checkers][ext2_files][kernel]") {
  for (const std::vector<std::string>& kind :
       std::vector<std::vector<std::string>>{{"-t", "ext4", "-b", "1024"},
                                             {"-t", "ext4", "-O", "inline_data"},
                                             {"-t", "ext2", "-b", "4096"}}) {
    INFO(fmt::format("{}", fmt::join(kind, " ")));
    const FilledImage image(kind);
    std::map<std::string, std::string> by_place;
    for (const DataUnit& unit : visit_by_kernel(image, 4096).data) {
      by_place[fmt::format("{}+{}", unit.path, unit.offset_bytes)] = unit.bytes;
    }
    const Subject subject = image.subject();
    const Ext2Files files = value_or_throw(read_ext2_files(subject, 0, {4096, true}));
    // The kernel's are those of each name: "/a/f" is "/a/g" too.
    CHECK(files.units.size() + 1 == by_place.size());
    for (const Ext2DataUnit& unit : files.units) {
      const std::vector<std::byte> bytes = value_or_throw(read_unit(subject, 0, unit));
      const std::string place = fmt::format("{}+{}", unit.path, unit.offset_bytes);
      INFO(place);
      REQUIRE(by_place.contains(place));
      CHECK((by_place[place] ==
             std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
    }
  }
}

TEST_CASE("a count of blocks may be one of the file system's blocks, as for the kernel",
          "[checkers][ext2_files][kernel]") {
  const FilledImage image({"-t", "ext4", "-b", "4096", "-O", "huge_file"});
  const auto sparse = [](const FileTree& tree) {
    return *std::find_if(tree.begin(), tree.end(),
                         [](const FileNode& node) { return node.path == "/sparse"; });
  };
  const auto debugfs = [&](const std::string& request) {
    run_program({"debugfs", "-w", "-R", request, image.path()});
  };
  const FileNode before = sparse(by_kernel(image));
  REQUIRE(before.allocated_bytes == 8192);
  debugfs("set_inode_field sparse blocks 0x100000003");
  debugfs("set_inode_field sparse flags 0xc0000");  // extents, huge_file
  const FileNode kernel = sparse(by_kernel(image));
  const FileNode ours = sparse(value_or_throw(read_ext2_files(image.subject(), 0)).tree);
  CHECK(kernel.allocated_bytes == 0x100000003 * 4096);
  CHECK(ours.allocated_bytes == kernel.allocated_bytes);
  CHECK(ours == before);  // it is not compared
}

}  // namespace
}  // namespace powercut
