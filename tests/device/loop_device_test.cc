// SPDX-License-Identifier: GPL-2.0-only

#include "device/loop_device.h"

#include "base/subprocess.h"
#include "device/file_overlay.h"
#include "device/mount.h"
#include "tests/device/requirements.h"
#include "tests/support/memory_sink.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fstream>

namespace powercut {
namespace {

using test::MemorySink;
using test::Served;
using Bytes = std::vector<std::byte>;

constexpr std::size_t kSize = 32 << 20;

LoopDevice attach(const std::filesystem::path& file, const LoopDevice::Options& options) {
  const Fd fd = value_or_throw(Fd::open(file, options.read_only ? O_RDONLY : O_RDWR));
  return value_or_throw(LoopDevice::attach(fd, options));
}

void make_ext4(const std::filesystem::path& device) {
  SubprocessOptions mkfs;
  mkfs.argv = {"mkfs.ext4", "-q", device};
  const ExitState state = value_or_throw(run_subprocess(mkfs));
  INFO(state.output);
  REQUIRE(state.succeeded());
}

TEST_CASE("a loop device has the size, block size and read-ahead that were asked for",
          "[device][loop_device]") {
  ServedDisk disk(kSize, nullptr, {});
  const Served served(disk);
  LoopDevice::Options options;
  options.block_bytes = GENERATE(512U, 4096U);
  LoopDevice loop = attach(served.server->path(0), options);
  {
    const Fd fd = value_or_throw(Fd::open(loop.path(), O_RDONLY));
    int block_bytes = 0;
    long read_ahead = -1;
    REQUIRE(::ioctl(fd.get(), BLKSSZGET, &block_bytes) == 0);
    REQUIRE(::ioctl(fd.get(), BLKRAGET, &read_ahead) == 0);
    CHECK(block_bytes == static_cast<int>(options.block_bytes));
    CHECK(read_ahead == 0);
    CHECK(value_or_throw(size_of(fd, loop.path())) == kSize);
  }
  const std::string name = loop.path().filename();
  CHECK(loop_backing_file(name) == served.server->path(0));
  CHECK(loop.detach());
  CHECK(loop_backing_file(name) != served.server->path(0));
  CHECK(loop.detach());
}

TEST_CASE("a read-only loop device refuses writes", "[device][loop_device]") {
  ServedDisk disk(kSize, nullptr, {});
  const Served served(disk);
  LoopDevice::Options options;
  options.read_only = true;
  const LoopDevice loop = attach(served.server->path(0), options);
  const Result<Fd> fd = Fd::open(loop.path(), O_RDWR);
  CHECK((!fd || ::write(fd->get(), "x", 1) < 0));
}

TEST_CASE("two loop devices are attached at once", "[device][loop_device]") {
  ServedDisk a(kSize, nullptr, {});
  ServedDisk b(kSize, nullptr, {});
  const Served served({&a, &b});
  const LoopDevice first = attach(served.server->path(0), {});
  const LoopDevice second = attach(served.server->path(1), {});
  CHECK(first.path() != second.path());
}

TEST_CASE("a recorded workload replays to the bytes of the disk",
          "[device][loop_device][recorder]") {
  const bool direct_io = GENERATE(false, true);
  MemorySink sink;
  const RunDir images = value_or_throw(RunDir::create());
  ServedDisk::Options disk_options;
  disk_options.recorder = &sink;
  disk_options.overlay =
      value_or_throw(FileOverlay::create(images.path() / "image", kSize));
  ServedDisk disk(kSize, nullptr, std::move(disk_options));
  const Served served(disk);
  LoopDevice::Options options;
  options.direct_io = direct_io;
  LoopDevice loop = attach(served.server->path(0), options);
  make_ext4(loop.path());
  Mount mount = value_or_throw(
      Mount::mount({loop.path(), value_or_throw(served.run.make_directory("mnt")), "ext4",
                    "discard"}));
  for (int i = 0; i < 20; ++i) {
    std::ofstream(mount.target() / ("file" + std::to_string(i)))
        << std::string(30000, static_cast<char>('a' + i));
  }
  REQUIRE(mount.sync());
  std::filesystem::remove(mount.target() / "file3");
  REQUIRE(mount.freeze_and_thaw());
  REQUIRE(mount.unmount());
  REQUIRE(loop.flush_cache());
  REQUIRE(loop.detach());

  CHECK(sink.count(Op::kWrite) > 10);
  CHECK(sink.count(Op::kFlush) > 2);
  CHECK(sink.count(Op::kDiscard) > 0);
  CHECK_FALSE(disk.recorder_error());
  Bytes bytes(kSize);
  REQUIRE(disk.read(0, bytes) == 0);
  CHECK((bytes == sink.replay(kSize)));
}

TEST_CASE("a file system that does not mount gives the number of the error",
          "[device][mount]") {
  ServedDisk disk(kSize, nullptr, {});
  const Served served(disk);
  const LoopDevice loop = attach(served.server->path(0), {});
  int error = 0;
  const Result<Mount> mount = Mount::mount(
      {loop.path(), value_or_throw(served.run.make_directory("mnt")), "ext4", ""},
      &error);
  CHECK_FALSE(mount);
  CHECK(error == EINVAL);
}

TEST_CASE("a mount that is held is detached, and the holder is named",
          "[device][mount]") {
  ServedDisk disk(kSize, nullptr, {});
  const Served served(disk);
  make_ext4(served.server->path(0));
  const LoopDevice loop = attach(served.server->path(0), {});
  Mount mount = value_or_throw(Mount::mount(
      {loop.path(), value_or_throw(served.run.make_directory("mnt")), "ext4", ""}));
  const std::filesystem::path target = mount.target();
  const Fd held = value_or_throw(Fd::open(target, O_RDONLY));
  const Status status = mount.unmount();
  REQUIRE_FALSE(status);
  CHECK(status.error().message.find("held by " + std::to_string(::getpid())) !=
        std::string::npos);
  CHECK(std::filesystem::is_empty(target));
}

}  // namespace
}  // namespace powercut
