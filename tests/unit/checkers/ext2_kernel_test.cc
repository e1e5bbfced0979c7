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

#include <cerrno>
#include <fstream>
#include <functional>

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
    const Image image(64 << 20);
    std::vector<std::string> argv = {"mke2fs", "-F", "-q"};
    argv.insert(argv.end(), kind.begin(), kind.end());
    argv.push_back(image.path());
    run_program(argv);
    const fs::path mountpoint = image.file("mnt");
    fs::create_directory(mountpoint);
    with_loop(image, [&](const fs::path& device) {
      Mount mount = value_or_throw(Mount::mount({device, mountpoint, "ext4", ""}));
      fill(mountpoint);
      REQUIRE(mount.unmount());
    });
    MountReport report;
    with_loop(image, [&](const fs::path& device) {
      MountRequest request;
      request.type = "ext4";
      report = value_or_throw(
          visit_mount({device, mountpoint, true}, request, [](std::size_t /*unit*/) {}));
    });
    REQUIRE(report.sound());
    REQUIRE(report.tree.size() > 300);
    const Ext2Files files = value_or_throw(read_ext2_files(image.subject(), 0, 0));
    const std::vector<std::string> lines =
        differences(report.tree, files.tree, "the kernel", "ours", 5);
    INFO(fmt::format("{}", fmt::join(lines, "\n")));
    CHECK(lines.empty());
  }
}

}  // namespace
}  // namespace powercut
