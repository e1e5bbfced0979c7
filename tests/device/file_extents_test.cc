// SPDX-License-Identifier: GPL-2.0-only
//
// Where files lie is held against the truth: what the disk has at those places, when the
// file system is unmounted.

#include "device/file_extents.h"

#include "base/fd.h"
#include "base/random.h"
#include "base/subprocess.h"
#include "device/loop_device.h"
#include "device/mount.h"
#include "tests/device/requirements.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

namespace powercut::test {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kBlock = 4096;

struct FileSystem {
  const char* type;
  std::uint64_t size_bytes;
  std::vector<std::string> mkfs;
  bool shares = false;  // has reflinks
  unsigned copies = 1;  // of data
  std::string mount = {};
};

Bytes random_bytes(std::uint64_t seed, std::uint64_t length) {
  Random random(seed);
  Bytes bytes(length);
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(random.below(256));
  }
  return bytes;
}

// A disk with a file system on a loop device; mounted until unmount().
class Disk {
 public:
  explicit Disk(const FileSystem& system) : system_(system) {
    const Fd file = value_or_throw(Fd::open(image(), O_RDWR | O_CREAT));
    REQUIRE(::ftruncate(file.get(), static_cast<off_t>(system.size_bytes)) == 0);
    SubprocessOptions mkfs;
    mkfs.argv = {fmt::format("mkfs.{}", system.type)};
    mkfs.argv.insert(mkfs.argv.end(), system.mkfs.begin(), system.mkfs.end());
    mkfs.argv.push_back(image());
    const ExitState state = value_or_throw(run_subprocess(mkfs));
    INFO(state.output);
    REQUIRE(state.succeeded());
    loop_ = value_or_throw(LoopDevice::attach(file, {}));
    std::filesystem::create_directory(root());
    mount();
  }

  std::filesystem::path root() const { return scratch_ / "root"; }

  std::filesystem::path device() const { return loop_->path(); }

  void mount() {
    mount_ = value_or_throw(
        Mount::mount({loop_->path(), root(), system_.type, system_.mount}));
  }

  void unmount() {
    REQUIRE(mount_->unmount());
    mount_.reset();
    REQUIRE(loop_->flush_cache());
  }

  Fd open(const std::string& name, int flags = O_RDWR | O_CREAT) const {
    return value_or_throw(Fd::open(root() / name, flags));
  }

  PlacedFile places(const std::string& name) const {
    return value_or_throw(place_of_file(open(name, O_RDONLY).get(), name));
  }

  Bytes on_disk(std::uint64_t offset, std::uint64_t length) const {
    Bytes bytes(length);
    const Fd file = value_or_throw(Fd::open(image(), O_RDONLY));
    REQUIRE(read_fully(file, bytes, offset, "image"));
    return bytes;
  }

 private:
  std::filesystem::path image() const { return scratch_ / "image"; }

  FileSystem system_;
  ScratchDir scratch_;
  std::optional<LoopDevice> loop_;
  std::optional<Mount> mount_;
};

bool here(const FileSystem& system) {
  const bool made = find_program(fmt::format("mkfs.{}", system.type)).has_value();
  if (!made) {
    WARN("no mkfs." << system.type << " here");
  }
  return made;
}

std::vector<FileSystem> file_systems() {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  return {{"ext4", 64 * kMiB, {"-q", "-F"}},
          {"xfs", 320 * kMiB, {"-q", "-f"}, true},
          {"btrfs", 128 * kMiB, {"-q", "-f"}, true},
          {"btrfs", 256 * kMiB, {"-q", "-f", "-d", "dup", "-m", "dup"}, true, 2}};
}

// How often each block of the file has a place, all of which must hold its bytes.
void check_places(const Disk& disk, const PlacedFile& placed, const Bytes& content,
                  unsigned copies) {
  std::map<std::uint64_t, unsigned> seen;
  for (const PlacedExtent& extent : placed.extents) {
    REQUIRE(extent.length_bytes % kBlock == 0);
    for (std::uint64_t at = 0; at < extent.length_bytes; at += kBlock) {
      const std::uint64_t in_file = extent.file_offset_bytes + at;
      if (in_file >= content.size()) {
        continue;
      }
      INFO("byte " << in_file);
      const auto begin = content.begin() + static_cast<std::ptrdiff_t>(in_file);
      REQUIRE((disk.on_disk(extent.device_offset_bytes + at, kBlock) ==
               Bytes(begin, begin + kBlock)));
      ++seen[in_file];
    }
  }
  for (std::uint64_t at = 0; at < content.size(); at += kBlock) {
    const bool hole =
        std::all_of(content.begin() + static_cast<std::ptrdiff_t>(at),
                    content.begin() + static_cast<std::ptrdiff_t>(at + kBlock),
                    [](std::byte byte) { return byte == std::byte{0}; });
    INFO("byte " << at);
    REQUIRE(seen[at] == (hole ? 0 : copies));
  }
}

TEST_CASE("extents are where the disk has the file's bytes", "[device][file_extents]") {
  for (const FileSystem& system : file_systems()) {
    if (!here(system)) {
      continue;
    }
    INFO(system.type << ", copies " << system.copies);
    Disk disk(system);
    // Two files written in turns, so that neither is one extent; and a hole.
    Bytes content(64 * kBlock);
    {
      const Fd file = disk.open("image");
      const Fd other = disk.open("other");
      for (std::uint64_t i = 0; i < 64; ++i) {
        if (i >= 20 && i < 24) {
          continue;
        }
        const Bytes block = random_bytes(i + 1, kBlock);
        std::copy(block.begin(), block.end(),
                  content.begin() + static_cast<std::ptrdiff_t>(i * kBlock));
        REQUIRE(write_fully(file, block, i * kBlock, "image"));
        REQUIRE(write_fully(other, block, i * kBlock, "other"));
        if (i % 4 == 0) {
          REQUIRE(::fsync(file.get()) == 0);
          REQUIRE(::fsync(other.get()) == 0);
        }
      }
    }
    const PlacedFile placed = disk.places("image");
    CHECK(placed.extents.size() > std::size_t{2} * system.copies);
    CHECK(std::none_of(placed.extents.begin(), placed.extents.end(),
                       [](const PlacedExtent& extent) { return extent.shared; }));
    disk.unmount();
    check_places(disk, placed, content, system.copies);
  }
}

TEST_CASE("what a clone shares is told as shared, and what was written since is not",
          "[device][file_extents]") {
  for (const FileSystem& system : file_systems()) {
    if (!system.shares || !here(system)) {
      continue;
    }
    INFO(system.type << ", copies " << system.copies);
    Disk disk(system);
    Bytes content = random_bytes(7, 16 * kBlock);
    {
      const Fd file = disk.open("image");
      const Fd copy = disk.open("copy");
      REQUIRE(write_fully(file, content, 0, "image"));
      REQUIRE(::ioctl(copy.get(), FICLONE, file.get()) == 0);
      const Bytes block = random_bytes(8, kBlock);
      std::copy(block.begin(), block.end(),
                content.begin() + static_cast<std::ptrdiff_t>(4 * kBlock));
      REQUIRE(write_fully(file, block, 4 * kBlock, "image"));
    }
    const PlacedFile placed = disk.places("image");
    const PlacedFile clone = disk.places("copy");
    std::uint64_t own = 0;
    for (const PlacedExtent& extent : placed.extents) {
      if (!extent.shared) {
        CHECK(extent.file_offset_bytes == 4 * kBlock);
        own += extent.length_bytes;
      }
    }
    CHECK(own == system.copies * kBlock);
    // Each shared extent lies within what the clone has at the same place of the file.
    for (const PlacedExtent& extent : placed.extents) {
      CHECK(extent.shared ==
            std::any_of(clone.extents.begin(), clone.extents.end(),
                        [&](const PlacedExtent& other) {
                          return extent.device_offset_bytes - extent.file_offset_bytes ==
                                     other.device_offset_bytes -
                                         other.file_offset_bytes &&
                                 extent.file_offset_bytes >= other.file_offset_bytes &&
                                 extent.file_offset_bytes + extent.length_bytes <=
                                     other.file_offset_bytes + other.length_bytes;
                        }));
    }
    disk.unmount();
    check_places(disk, placed, content, system.copies);
  }
}

TEST_CASE("what is preallocated, inline, compressed or no file has no place",
          "[device][file_extents]") {
  for (FileSystem system : file_systems()) {
    if (!here(system) || system.copies > 1) {
      continue;
    }
    INFO(system.type);
    const bool btrfs = system.type == std::string("btrfs");
    system.mount = btrfs ? "compress-force=zlib" : "";
    const Disk disk(system);
    const Fd file = disk.open("reserved");
    REQUIRE(::fallocate(file.get(), 0, 0, 8 * kBlock) == 0);
    const PlacedFile placed = disk.places("reserved");
    CHECK(placed.extents.empty());
    REQUIRE_FALSE(placed.left_out.empty());
    CHECK(placed.left_out[0].find("never written") != std::string::npos);
    const Fd directory = disk.open(".", O_RDONLY | O_DIRECTORY);
    CHECK_FALSE(place_of_file(directory.get(), "."));
    if (btrfs) {
      REQUIRE(write_fully(disk.open("small"), random_bytes(1, 100), 0, "small"));
      CHECK(disk.places("small").extents.empty());
      CHECK(disk.places("small").left_out.size() == 1);
      REQUIRE(write_fully(disk.open("zipped"), Bytes(32 * kBlock, std::byte{'z'}), 0,
                          "zipped"));
      const Result<PlacedFile> zipped =
          place_of_file(disk.open("zipped", O_RDONLY).get(), "zipped");
      REQUIRE_FALSE(zipped);
      CHECK(zipped.error().message.find("compressed") != std::string::npos);
    }
  }
}

TEST_CASE("a write in place changes each file that shares the block",
          "[device][file_extents]") {
  for (FileSystem system : file_systems()) {
    if (!system.shares || !here(system)) {
      continue;
    }
    INFO(system.type << ", copies " << system.copies);
    // Else btrfs tells by its checksum, and reads nothing.
    system.mount = system.type == std::string("btrfs") ? "nodatasum" : "";
    Disk disk(system);
    Bytes content = random_bytes(7, 16 * kBlock);
    const Bytes changed = random_bytes(9, 2 * kBlock);
    {
      const Fd file = disk.open("image");
      const Fd copy = disk.open("copy");
      REQUIRE(write_fully(file, content, 0, "image"));
      REQUIRE(::ioctl(copy.get(), FICLONE, file.get()) == 0);
      REQUIRE(write_in_place(file.get(), "image", disk.device(), 5 * kBlock, changed));
      CHECK_FALSE(
          write_in_place(file.get(), "image", disk.device(), 15 * kBlock, changed));
    }
    std::copy(changed.begin(), changed.end(),
              content.begin() + static_cast<std::ptrdiff_t>(5 * kBlock));
    disk.unmount();
    disk.mount();
    for (const char* name : {"image", "copy"}) {
      Bytes got(content.size());
      REQUIRE(read_fully(disk.open(name, O_RDONLY), got, 0, name));
      CHECK((got == content));
    }
    disk.unmount();
  }
}

TEST_CASE("a btrfs of two devices is refused", "[device][file_extents]") {
  const FileSystem system = {"btrfs", std::uint64_t{128} << 20, {"-q", "-f"}};
  if (!here(system) || !find_program("btrfs")) {
    return;
  }
  Disk disk(system);
  const ScratchDir scratch;
  const Fd second = value_or_throw(Fd::open(scratch / "second", O_RDWR | O_CREAT));
  REQUIRE(::ftruncate(second.get(), off_t{128} << 20) == 0);
  const LoopDevice loop = value_or_throw(LoopDevice::attach(second, {}));
  SubprocessOptions add;
  add.argv = {"btrfs", "device", "add", "-f", loop.path(), disk.root()};
  const ExitState state = value_or_throw(run_subprocess(add));
  INFO(state.output);
  REQUIRE(state.succeeded());
  {
    const Fd file = disk.open("image");
    const Result<PlacedFile> placed = place_of_file(file.get(), "image");
    REQUIRE_FALSE(placed);
    CHECK(placed.error().message.find("2 devices") != std::string::npos);
  }
  disk.unmount();
}

}  // namespace
}  // namespace powercut::test
