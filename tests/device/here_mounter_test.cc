// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/here_mounter.h"

#include "base/stamp.h"
#include "device/loop_device.h"
#include "device/mount.h"
#include "tests/device/requirements.h"
#include "tests/support/ext4_image.h"
#include "tests/support/faulty_overlay.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <span>
#include <thread>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::change_ext4_image;
using test::DiskFault;
using test::FaultyOverlay;
using test::make_ext4_image;
using test::Served;
using test::source_of;

constexpr std::uint64_t kSize = 32 << 20;

MountRequest request_of(const std::string& type = "ext4") {
  MountRequest request;
  request.type = type;
  return request;
}

std::unique_ptr<HereMounter> mounter_on(const Served& served,
                                        std::uint32_t block_bytes = 512) {
  return value_or_throw(
      HereMounter::create({served.server->path(0)}, served.run, {block_bytes}));
}

MountReport mount(Mounter& mounter, const MountRequest& request) {
  return value_or_throw(mounter.mount(0, request, nullptr));
}

const FileNode* find(const FileTree& tree, const std::string& path) {
  const FileTree::const_iterator found = std::ranges::find(tree, path, &FileNode::path);
  return found != tree.end() ? &*found : nullptr;
}

std::string joined(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

// An image with what `fill` puts into the mounted file system.
void make_by_mount(const fs::path& image, const fs::path& scratch, const char* options,
                   const std::function<void(const fs::path& root)>& fill) {
  fs::create_directory(scratch / "empty");
  fs::create_directory(scratch / "mnt");
  make_ext4_image(image, scratch / "empty");
  LoopDevice loop =
      value_or_throw(LoopDevice::attach(value_or_throw(Fd::open(image, O_RDWR)), {}));
  Mount mounted =
      value_or_throw(Mount::mount({loop.path(), scratch / "mnt", "ext4", options}));
  fill(scratch / "mnt");
  REQUIRE(mounted.unmount());
  REQUIRE(loop.flush_cache());
  REQUIRE(loop.detach());
}

void write_stamped(const fs::path& file, const fs::path& as_if, std::uint64_t bytes) {
  std::ofstream(file).flush();
  const Fd fd = value_or_throw(Fd::open(file, O_RDWR));
  const Fd model = value_or_throw(Fd::open(as_if, O_RDONLY));
  struct stat status = {};
  REQUIRE(::fstat(model.get(), &status) == 0);
  long generation = 0;
  REQUIRE(::ioctl(model.get(), FS_IOC_GETVERSION, &generation) == 0);
  for (std::uint64_t at = 0; at < bytes; at += kStampBytes) {
    std::array<std::byte, kStampBytes> sector;
    write_stamp({status.st_ino, static_cast<std::uint32_t>(generation), at, 7}, sector);
    REQUIRE(write_fully(fd, sector, at, file));
  }
}

// What udev and others do: the kernel then caches the device as it is now.
void read_loop_on(const fs::path& file) {
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block")) {
    const std::string name = entry.path().filename();
    if (loop_backing_file(name) == file) {
      const Fd fd = value_or_throw(Fd::open("/dev/" + name, O_RDONLY));
      std::vector<std::byte> bytes(kSize);
      REQUIRE(read_fully(fd, bytes, 0, name));
    }
  }
}

TEST_CASE("two states that take turns under one loop device are both seen as they are",
          "[device][here_mounter]") {
  const ScratchDir scratch;
  std::vector<std::shared_ptr<const BlockSource>> states;
  for (const char* name : {"first", "other"}) {
    fs::create_directory(scratch / name);
    std::ofstream(scratch / name / name) << name;
    make_ext4_image(scratch / (std::string(name) + ".img"), scratch / name);
    states.push_back(source_of(scratch / (std::string(name) + ".img")));
  }
  ServedDisk disk(states[0], {});
  const Served served(disk);
  // With blocks of 4096 bytes ext4 finds the device as it needs it; with others the
  // kernel changes the size of the cache's blocks, which empties the cache.
  const std::unique_ptr<HereMounter> mounter = mounter_on(served, GENERATE(512U, 4096U));
  CHECK(mounter->place() == "here");
  MountRequest request = request_of();
  request.use = true;  // leaves dirty blocks behind
  request.data_unit_bytes = 4096;
  std::array<std::string, 2> digests;
  for (std::size_t turn = 0; turn < 8; ++turn) {
    disk.reset(states[turn % 2]);
    const MountReport report = mount(*mounter, request);
    INFO(joined(report.problems));
    REQUIRE(report.sound());
    CHECK((find(report.tree, "/first") != nullptr) == (turn % 2 == 0));
    CHECK((find(report.tree, "/other") != nullptr) == (turn % 2 == 1));
    REQUIRE(report.data.size() == 1);
    const std::string digest = digest_of(report.tree) + report.data[0].digest;
    CHECK((turn < 2 || digests[turn % 2] == digest));
    digests[turn % 2] = digest;
    CHECK(report.kernel_messages.empty());
    read_loop_on(served.server->path(0));
  }
  CHECK(digests[0] != digests[1]);
}

TEST_CASE("a file system that is none, or damaged, is told by the errno of mount",
          "[device][here_mounter]") {
  const ScratchDir scratch;
  fs::create_directory(scratch / "empty");
  make_ext4_image(scratch / "sound.img", scratch / "empty");
  fs::copy(scratch / "sound.img", scratch / "bad.img");
  // The first inode table in the midst of nowhere.
  change_ext4_image(scratch / "bad.img", "set_bg 0 inode_table 7");
  change_ext4_image(scratch / "bad.img", "set_bg 0 checksum calc");
  ServedDisk disk(kSize, nullptr, {});
  const Served served(disk);
  const std::unique_ptr<HereMounter> mounter = mounter_on(served);
  const MountReport zeros = mount(*mounter, request_of());
  CHECK(zeros.mount_errno == EINVAL);
  CHECK_FALSE(zeros.sound());
  CHECK(zeros.tree.empty());
  CHECK(joined(zeros.kernel_messages).find("(<disk>)") != std::string::npos);
  disk.reset(source_of(scratch / "bad.img"));
  const MountReport bad = mount(*mounter, request_of());
  INFO(joined(bad.kernel_messages));
  CHECK(bad.mount_errno != 0);  // which one is the kernel's choice
  CHECK(joined(bad.kernel_messages).find("<disk>") != std::string::npos);
  disk.reset(source_of(scratch / "sound.img"));
  CHECK(mount(*mounter, request_of()).sound());
}

TEST_CASE("a tree has all names, kinds, attributes and extents",
          "[device][here_mounter]") {
  const ScratchDir scratch;
  const std::string odd = std::string("odd\n\377name");
  std::string deep = "/deep";
  make_by_mount(scratch / "image", scratch / "", "", [&](const fs::path& root) {
    std::ofstream(root / "file") << std::string(10000, 'x');
    fs::create_hard_link(root / "file", root / "link");
    fs::create_symlink("/nowhere/at all", root / "symlink");
    std::ofstream(root / odd).flush();
    REQUIRE(::mknod((root / "fifo").c_str(), S_IFIFO | 0644, 0) == 0);
    REQUIRE(::mknod((root / "null").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0);
    fs::create_directory(root / "dir");
    REQUIRE(::chown((root / "dir").c_str(), 12, 34) == 0);
    REQUIRE(::chmod((root / "dir").c_str(), 01750) == 0);
    const std::string value("a\0b\377", 4);
    REQUIRE(::setxattr((root / "dir").c_str(), "user.v", value.data(), 4, 0) == 0);
    REQUIRE(::lsetxattr((root / "symlink").c_str(), "trusted.t", "t", 1, 0) == 0);
    const Fd holes = value_or_throw(Fd::open(root / "holes", O_RDWR | O_CREAT));
    REQUIRE(::pwrite(holes.get(), "a", 1, 0) == 1);
    REQUIRE(::pwrite(holes.get(), "b", 1, 65536) == 1);
    REQUIRE(::fallocate(holes.get(), 0, 131072, 8192) == 0);
    fs::path place = root / "deep";
    fs::create_directory(place);
    REQUIRE(::chdir(place.c_str()) == 0);
    for (int i = 0; i < 30; ++i) {  // longer than PATH_MAX
      const std::string name(200, static_cast<char>('a' + i % 26));
      REQUIRE(::mkdir(name.c_str(), 0755) == 0);
      REQUIRE(::chdir(name.c_str()) == 0);
      deep += "/" + name;
    }
    REQUIRE(::chdir("/") == 0);
  });
  ServedDisk disk(source_of(scratch / "image"), {});
  const Served served(disk);
  const std::unique_ptr<HereMounter> mounter = mounter_on(served);
  const MountReport report = mount(*mounter, request_of());
  INFO(joined(report.problems));
  REQUIRE(report.sound());
  std::vector<std::string> lines;
  for (const FileNode& node : report.tree) {
    if (!node.path.starts_with("/deep/")) {
      lines.push_back(to_line(node));
    }
  }
  CHECK(joined(lines) ==
        "/ dir 0755 0:0 links 5\n"
        "/deep dir 0755 0:0 links 3\n"
        "/dir dir 1750 12:34 links 2 user.v=a\\x00b\\xff\n"
        "/fifo fifo 0644 0:0 links 1\n"
        "/file file 0644 0:0 links 2 size 10000 extents 0+10000\n"
        "/holes file 0644 0:0 links 1 size 139264 extents "
        "0+4096,65536+4096,131072+8192u\n"
        "/link file 0644 0:0 links 2 size 10000 extents 0+10000\n"
        "/lost+found dir 0700 0:0 links 2\n"
        "/null char 0600 0:0 links 1 device 1:3\n"
        "/odd\\x0a\\xffname file 0644 0:0 links 1 size 0\n"
        "/symlink symlink 0777 0:0 links 1 size 15 -> /nowhere/at\\x20all "
        "trusted.t=t");
  CHECK(find(report.tree, deep) != nullptr);
  CHECK(report.tree.size() == 11 + 30);
  CHECK(mount(*mounter, request_of()).tree == report.tree);
  MountRequest plain = request_of();
  plain.walk = false;
  CHECK(mount(*mounter, plain).tree.empty());
}

TEST_CASE("a file system that can be used is silent, and one that cannot tells why",
          "[device][here_mounter]") {
  const ScratchDir scratch;
  make_by_mount(scratch / "image", scratch / "", "", [&](const fs::path& root) {
    fs::create_directories(root / "a/b");
    std::ofstream(root / "a/f") << "text";
  });
  ServedDisk disk(source_of(scratch / "image"), {});
  const Served served(disk);
  const std::unique_ptr<HereMounter> mounter = mounter_on(served);
  const MountReport before = mount(*mounter, request_of());
  MountRequest request = request_of();
  request.use = true;
  const MountReport used = mount(*mounter, request);
  INFO(joined(used.problems));
  CHECK(used.sound());
  const MountReport after = mount(*mounter, request_of());  // the same disk: not reset
  CHECK(joined(differences(before.tree, after.tree, "before", "after", 10)) == "");
  CHECK(disk.counters().writes > 0);

  request.options = "ro";
  const MountReport read_only = mount(*mounter, request);
  CHECK(joined(read_only.problems) ==
        "use /: create: Read-only file system\n"
        "use /a: create: Read-only file system\n"
        "use /a/b: create: Read-only file system\n"
        "use /lost+found: create: Read-only file system");

  disk.reset(source_of(scratch / "image"));
  const ScratchDir more;
  make_by_mount(scratch / "full", more / "", "", [](const fs::path& root) {
    const Fd fd = value_or_throw(Fd::open(root / "all", O_RDWR | O_CREAT));
    for (const std::size_t size : {std::size_t{1} << 20, std::size_t{4096}}) {
      const std::string block(size, 'x');
      while (::write(fd.get(), block.data(), block.size()) > 0) {
      }
    }
  });
  disk.reset(source_of(scratch / "full"));
  request.options = "";
  const MountReport full = mount(*mounter, request);
  INFO(joined(full.problems));
  CHECK(joined(full.problems).find("use /: ") == 0);
  CHECK(joined(full.problems).find("No space left on device") != std::string::npos);
}

TEST_CASE("data is read unit by unit, and its stamps are believed or not",
          "[device][here_mounter]") {
  const ScratchDir scratch;
  make_by_mount(scratch / "image", scratch / "", "", [&](const fs::path& root) {
    write_stamped(root / "good", root / "good", 8192 + 1024);
    fs::create_directory(root / "d");
    write_stamped(root / "d/swapped", root / "good", 4096);
    const Fd holes = value_or_throw(Fd::open(root / "holes", O_RDWR | O_CREAT));
    REQUIRE(::pwrite(holes.get(), "plain", 5, 65536) == 5);
    REQUIRE(::fallocate(holes.get(), 0, 131072, 8192) == 0);
  });
  ServedDisk disk(source_of(scratch / "image"), {});
  const Served served(disk);
  const std::unique_ptr<HereMounter> mounter = mounter_on(served);
  MountRequest request = request_of();
  request.data_unit_bytes = 4096;
  std::vector<std::uint64_t> reads;
  std::vector<std::size_t> units;
  const MountReport report =
      value_or_throw(mounter->mount(0, request, [&](std::size_t i) {
        units.push_back(i);
        reads.push_back(disk.counters().reads);
      }));
  INFO(joined(report.problems));
  REQUIRE(report.sound());
  std::vector<std::string> lines;
  for (const DataUnit& unit : report.data) {
    lines.push_back(fmt::format("{} {} {} {}", unit.path, unit.offset_bytes, unit.error,
                                unit.problem.substr(0, 20)));
  }
  CHECK(joined(lines) ==
        "/d/swapped 0 0 data of another file\n"
        "/good 0 0 \n"
        "/good 4096 0 \n"
        "/good 8192 0 \n"
        "/holes 65536 0 ");
  CHECK(units == std::vector<std::size_t>{0, 1, 2, 3, 4});
  for (std::size_t i = 1; i < reads.size(); ++i) {
    CHECK(reads[i] == reads[i - 1] + 1);  // the data, and nothing else
  }
  CHECK(disk.counters().reads == reads.back() + 1);
  CHECK(report.data[1].digest != report.data[2].digest);

  request.data_unit_bytes = 512;  // sound twin of another size; fits the block
  const MountReport fine = mount(*mounter, request);
  CHECK(fine.data.size() == 8 + 18 + 8);
  request.data_unit_bytes = 100;
  CHECK(mounter->mount(0, request, nullptr).error().kind == ErrorKind::kUsage);
}

TEST_CASE("a disk that fails is told, wherever it fails", "[device][here_mounter]") {
  const ScratchDir scratch;
  fs::create_directory(scratch / "content");
  std::ofstream(scratch / "content/f") << std::string(9000, 'x');
  make_ext4_image(scratch / "image", scratch / "content");
  DiskFault fault;
  ServedDisk::Options options;
  options.overlay = std::make_unique<FaultyOverlay>(fault);
  ServedDisk disk(source_of(scratch / "image"), std::move(options));
  const Served served(disk);
  const std::unique_ptr<HereMounter> mounter = mounter_on(served);
  fault.set(DiskFault::Kind::kFails);
  const MountReport dead = mount(*mounter, request_of());
  CHECK(dead.mount_errno != 0);
  fault.set(DiskFault::Kind::kNone);
  disk.reset(source_of(scratch / "image"));
  MountRequest request = request_of();
  request.data_unit_bytes = 4096;
  request.options = "ro";
  const MountReport lost =
      value_or_throw(mounter->mount(0, request, [&](std::size_t unit) {
        fault.set(unit == 1 ? DiskFault::Kind::kFails : DiskFault::Kind::kNone);
      }));
  REQUIRE(lost.data.size() == 3);
  CHECK(lost.data[0].error == 0);
  CHECK(lost.data[1].error == EIO);
  CHECK(lost.data[2].error == 0);
  fault.set(DiskFault::Kind::kNone);
  disk.reset(source_of(scratch / "image"));
  CHECK(mount(*mounter, request_of()).sound());
}

TEST_CASE("a disk that does not answer is a timeout, and leaves nothing behind",
          "[device][here_mounter]") {
  const ScratchDir scratch;
  fs::create_directory(scratch / "content");
  make_ext4_image(scratch / "image", scratch / "content");
  DiskFault fault;
  ServedDisk::Options options;
  options.overlay = std::make_unique<FaultyOverlay>(fault);
  ServedDisk disk(source_of(scratch / "image"), std::move(options));
  const Served served(disk);
  std::unique_ptr<HereMounter> mounter = mounter_on(served);
  CHECK(mount(*mounter, request_of()).sound());
  fault.set(DiskFault::Kind::kHangs);
  MountRequest request = request_of();
  request.timeout = 300ms;
  const Clock::time_point start = Clock::now();
  const MountReport hung = mount(*mounter, request);
  CHECK(hung.timed_out);
  CHECK_FALSE(hung.sound());
  // Two states under one file would write to each other.
  const Result<MountReport> refused = mounter->mount(0, request, nullptr);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("does not let go") != std::string::npos);
  CHECK(Clock::now() - start < 30s);
  fault.set(DiskFault::Kind::kNone);
  CHECK(mount(*mounter, request_of()).sound());
  mounter.reset();
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block")) {
    CHECK(loop_backing_file(entry.path().filename()) != served.server->path(0));
  }
  CHECK(served.server->stop());  // nobody holds it
}

// A disk as it is now.
class CopiedState : public BlockSource {
 public:
  explicit CopiedState(ServedDisk& disk) : bytes_(disk.size_bytes(), '\0') {
    REQUIRE(disk.read(0, std::as_writable_bytes(std::span(bytes_))) == 0);
  }

  std::uint64_t size_bytes() const override { return bytes_.size(); }

  void read(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    std::memcpy(out.data(), bytes_.data() + offset_bytes, out.size());
  }

 private:
  std::string bytes_;  // a vector would take seconds to become zeros without -O
};

bool kernel_has(const std::string& type) {
  std::ifstream list("/proc/filesystems");
  for (std::string word; list >> word;) {
    if (word == type) {
      return true;
    }
  }
  return false;
}

TEST_CASE(
    "older and newer states of one file system take turns, and two are there at once",
    "[device][here_mounter]") {
  const std::string type = GENERATE("xfs", "btrfs");
  if (!kernel_has(type) || !find_program("mkfs." + type)) {
    WARN("not tried: " << type << " is not here");
    return;
  }
  CAPTURE(type);
  const std::uint64_t size = std::uint64_t{type == "xfs" ? 320U : 128U} << 20;
  ServedDisk disk(size, nullptr, {});
  ServedDisk other(size, nullptr, {});
  const Served served({&disk, &other});
  test::run_tool({"mkfs." + type, served.server->path(0)});
  const std::unique_ptr<HereMounter> mounter = mounter_on(served);
  const std::unique_ptr<HereMounter> second =
      value_or_throw(HereMounter::create({served.server->path(1)}, served.run, {512}));
  std::array<std::shared_ptr<const BlockSource>, 2> states;
  states[0] = std::make_shared<CopiedState>(disk);
  MountRequest request = request_of(type);
  request.use = true;
  CHECK(mount(*mounter, request).sound());
  states[1] = std::make_shared<CopiedState>(disk);
  for (std::size_t turn = 0; turn < 6; ++turn) {
    disk.reset(states[turn % 2]);
    const MountReport report = mount(*mounter, request);
    INFO(report.mount_errno << joined(report.problems) << joined(report.kernel_messages));
    CHECK(report.sound());
  }
  if (type == "xfs") {
    LoopDevice loop = value_or_throw(
        LoopDevice::attach(value_or_throw(Fd::open(served.server->path(0), O_RDWR)), {}));
    const fs::path place = value_or_throw(served.run.make_directory("place"));
    Mount twin = value_or_throw(Mount::mount({loop.path(), place, type, ""}));
    other.reset(states[0]);
    CHECK(mount(*second, request).sound());
    REQUIRE(twin.unmount());
    CHECK(loop.detach());  // the process that mounts came later, and does not hold it
  }
}

TEST_CASE("what cannot be mounted here is an error, with a hint",
          "[device][here_mounter]") {
  ServedDisk disk(kSize, nullptr, {});
  const Served served(disk);
  const std::unique_ptr<HereMounter> mounter = mounter_on(served);
  const Result<MountReport> unknown = mounter->mount(0, request_of("nosuchfs"), nullptr);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().kind == ErrorKind::kMissing);
  CHECK(unknown.error().message.find("nosuchfs") != std::string::npos);
  CHECK_FALSE(unknown.error().hint.empty());
  CHECK(mount(*mounter, request_of()).mount_errno == EINVAL);  // goes on
}

}  // namespace
}  // namespace powercut
