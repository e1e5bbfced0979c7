// SPDX-License-Identifier: GPL-2.0-only

#include "device/disk_server.h"

#include "base/subprocess.h"
#include "device/mount_table.h"
#include "tests/device/requirements.h"
#include "tests/support/memory_sink.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <future>
#include <thread>

namespace powercut {
namespace {

using test::MemorySink;
using test::MemorySource;
using test::Served;
using Bytes = std::vector<std::byte>;

constexpr std::size_t kSize = 4 << 20;

std::shared_ptr<const BlockSource> filled(int value, std::size_t size = kSize) {
  return std::make_shared<MemorySource>(size, std::byte(value));
}

Bytes read_at(const Fd& fd, std::uint64_t offset, std::size_t length) {
  Bytes bytes(length);
  REQUIRE(read_fully(fd, bytes, offset, "disk"));
  return bytes;
}

TEST_CASE("a served file has the size and bytes of its disk", "[device][disk_server]") {
  ServedDisk disk(filled(7), {});
  const Served served(disk);
  const Fd fd = value_or_throw(Fd::open(served.server->path(0), O_RDWR));
  CHECK(value_or_throw(size_of(fd, "disk")) == kSize);
  CHECK(read_at(fd, kSize - 10, 10) == Bytes(10, std::byte{7}));
  std::byte beyond;
  CHECK(::pread(fd.get(), &beyond, 1, kSize) == 0);
}

TEST_CASE("writes, holes, zeroed ranges and fsync reach the disk",
          "[device][disk_server]") {
  MemorySink sink;
  ServedDisk::Options options;
  options.recorder = &sink;
  ServedDisk disk(filled(7), std::move(options));
  const Served served(disk);
  const Fd fd = value_or_throw(Fd::open(served.server->path(0), O_RDWR));
  REQUIRE(write_fully(fd, Bytes(2 << 20, std::byte{1}), 1 << 20, "disk"));
  REQUIRE(::fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8192) ==
          0);
  REQUIRE(::fallocate(fd.get(), FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 8192, 4096) ==
          0);
  REQUIRE(::fsync(fd.get()) == 0);
  CHECK(read_at(fd, 0, 12288) == Bytes(12288));
  CHECK(read_at(fd, 12288, 1) == Bytes(1, std::byte{7}));
  CHECK(read_at(fd, 1 << 20, 2 << 20) == Bytes(2 << 20, std::byte{1}));
  CHECK(sink.count(Op::kWrite) >= 2);  // a request has at most 1 MiB
  CHECK(sink.count(Op::kDiscard) == 1);
  CHECK(sink.count(Op::kWriteZeroes) == 1);
  CHECK(sink.count(Op::kFlush) == 1);
  CHECK(sink.events()[0].submission.pid == static_cast<std::uint32_t>(::getpid()));
}

TEST_CASE("a write past the end fails with ENOSPC, a truncation with EPERM",
          "[device][disk_server]") {
  ServedDisk disk(filled(7), {});
  const Served served(disk);
  const Fd fd = value_or_throw(Fd::open(served.server->path(0), O_RDWR));
  CHECK(::pwrite(fd.get(), "x", 1, kSize) == -1);
  CHECK(errno == ENOSPC);
  CHECK(::ftruncate(fd.get(), 512) == -1);
  CHECK(errno == EPERM);
}

TEST_CASE("a read-only disk cannot be opened for writing", "[device][disk_server]") {
  ServedDisk::Options options;
  options.read_only = true;
  ServedDisk disk(filled(7), std::move(options));
  const Served served(disk);
  CHECK_FALSE(Fd::open(served.server->path(0), O_RDWR));
  CHECK(Fd::open(served.server->path(0), O_RDONLY));
}

TEST_CASE("the files of a server are listed, and others are not there",
          "[device][disk_server]") {
  ServedDisk a(filled(1), {});
  ServedDisk b(filled(2), {});
  const Served served({&a, &b});
  std::vector<std::string> names;
  for (const std::filesystem::directory_entry& entry :
       std::filesystem::directory_iterator(served.server->path(0).parent_path())) {
    names.push_back(entry.path().filename());
  }
  CHECK(names == std::vector<std::string>{"disk0", "disk1"});
  CHECK_FALSE(Fd::open(served.run.path() / "disks" / "other", O_RDONLY));
}

TEST_CASE("another state is seen at once, by old and new opens",
          "[device][disk_server]") {
  ServedDisk disk(filled(1), {});
  const Served served(disk);
  const Fd old_fd = value_or_throw(Fd::open(served.server->path(0), O_RDONLY));
  for (int state = 2; state < 50; ++state) {
    disk.reset(filled(state));
    const Fd fd = value_or_throw(Fd::open(served.server->path(0), O_RDONLY));
    REQUIRE(read_at(fd, 4096, 512) == Bytes(512, std::byte(state)));
    REQUIRE(read_at(old_fd, 4096, 512) == Bytes(512, std::byte(state)));
  }
}

TEST_CASE("a disk that changes its size is seen with the new one",
          "[device][disk_server]") {
  ServedDisk disk(filled(1), {});
  const Served served(disk);
  CHECK(std::filesystem::file_size(served.server->path(0)) == kSize);
  disk.reset(filled(1, 2 * kSize));
  served.server->notify_resized(0);
  CHECK(std::filesystem::file_size(served.server->path(0)) == 2 * kSize);
}

TEST_CASE("several readers and writers work on one server at once",
          "[device][disk_server]") {
  ServedDisk a(filled(1), {});
  ServedDisk b(filled(2), {});
  const Served served({&a, &b});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Fd fd = value_or_throw(Fd::open(served.server->path(t % 2), O_RDWR));
      const std::uint64_t base = t / 2 * (kSize / 2);
      Bytes bytes(4096);
      for (std::uint64_t i = 0; i < 200; ++i) {
        const Bytes mine(4096, std::byte(i));
        const bool ok = write_fully(fd, mine, base + i * 4096, "disk").has_value() &&
                        read_fully(fd, bytes, base + i * 4096, "disk").has_value();
        wrong += ok && bytes == mine ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong == 0);
}

TEST_CASE("a server that stops leaves no mount", "[device][disk_server]") {
  ServedDisk disk(filled(1), {});
  std::filesystem::path mountpoint;
  {
    const Served served(disk);
    mountpoint = served.server->path(0).parent_path();
    const std::vector<MountEntry> mounts = read_mount_table();
    REQUIRE(mounts.back().target == mountpoint);
    CHECK(mounts.back().type == "fuse.powercut");
    CHECK(mounts.back().source == "powercut-" + served.run.run_id());
  }
  CHECK(read_mount_table().back().target != mountpoint);
  CHECK_FALSE(std::filesystem::exists(mountpoint));
}

TEST_CASE("a server stops although a file is held open, and says so",
          "[device][disk_server]") {
  ServedDisk disk(filled(1), {});
  const RunDir run = value_or_throw(RunDir::create());
  DiskServer::Options options;
  options.unmount_patience = std::chrono::milliseconds(50);
  const std::unique_ptr<DiskServer> server =
      value_or_throw(DiskServer::start(value_or_throw(run.make_directory("disks")),
                                       run.run_id(), {{"disk0", &disk}}, options));
  const Fd held = value_or_throw(Fd::open(server->path(0), O_RDONLY));
  const Status stopped = server->stop();
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().message.find("cannot unmount") == 0);
  std::byte byte;
  CHECK(::pread(held.get(), &byte, 1, 0) == -1);
  CHECK(server->stop());
}

TEST_CASE("a server stops although another mount namespace has a copy of its mount",
          "[device][disk_server]") {
  ServedDisk disk(filled(1), {});
  const Served served(disk);
  SubprocessOptions options;
  options.argv = {"unshare", "-m", "--propagation", "private", "sleep", "1000"};
  Subprocess other = value_or_throw(Subprocess::start(options));
  const std::filesystem::path name = fmt::format("/proc/{}/ns/mnt", other.pid());
  while (std::filesystem::read_symlink(name) ==
         std::filesystem::read_symlink("/proc/self/ns/mnt")) {
    std::this_thread::yield();
  }
  std::future<Status> stopped =
      std::async(std::launch::async, [&] { return served.server->stop(); });
  CHECK(stopped.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  other.kill_group(SIGKILL);
  value_or_throw(other.wait());
  CHECK(stopped.get());
}

TEST_CASE("a mount point that is not there is an error", "[device][disk_server]") {
  ServedDisk disk(filled(1), {});
  const Result<std::unique_ptr<DiskServer>> server =
      DiskServer::start("/no/such/place", "abcdefghij", {{"disk0", &disk}}, {});
  REQUIRE_FALSE(server);
  CHECK(server.error().message.find("/no/such/place") != std::string::npos);
}

TEST_CASE("e2fsck finds a served ext4 clean and leaves a footprint",
          "[device][disk_server]") {
  ServedDisk::Options options;
  options.footprint_unit_bytes = 4096;
  ServedDisk disk(64 << 20, nullptr, std::move(options));
  const Served served(disk);
  SubprocessOptions command;
  command.argv = {"mkfs.ext4", "-q", served.server->path(0)};
  REQUIRE(value_or_throw(run_subprocess(command)).succeeded());
  command.argv = {"e2fsck", "-fn", served.server->path(0)};
  const ExitState state = value_or_throw(run_subprocess(command));
  INFO(state.output);
  CHECK(state.succeeded());
  CHECK(disk.counters().writes > 0);
}

}  // namespace
}  // namespace powercut
