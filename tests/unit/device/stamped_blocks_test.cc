// SPDX-License-Identifier: GPL-2.0-only

#include "device/stamped_blocks.h"

#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace powercut {
namespace {

constexpr std::uint32_t kBlock = 4096;
using Contents = std::set<BlockContent>;

class Disk {
 public:
  explicit Disk(const std::string& name = "disk") : path_(dir_ / name) {
    std::ofstream(path_).close();
    std::filesystem::resize_file(path_, 8 * kBlock);
  }

  StampedBlocks open() const {
    return value_or_throw(StampedBlocks::open(path_, kBlock));
  }

  const std::filesystem::path& path() const { return path_; }

  // Changes one byte.
  void damage(std::uint64_t at) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put('!');
  }

  // Moves a piece of the disk, as no device should.
  void copy(std::uint64_t from, std::uint64_t to, std::uint64_t bytes) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    std::vector<char> piece(bytes);
    file.seekg(static_cast<std::streamoff>(from));
    file.read(piece.data(), static_cast<std::streamsize>(bytes));
    file.seekp(static_cast<std::streamoff>(to));
    file.write(piece.data(), static_cast<std::streamsize>(bytes));
  }

 private:
  ScratchDir dir_;
  std::filesystem::path path_;
};

TEST_CASE("a block tells which write it has", "[device][stamped_blocks]") {
  const Disk disk;
  StampedBlocks blocks = disk.open();
  CHECK(blocks.block_count() == 8);
  const StampedBlocks::Sight fresh = blocks.look(3, {BlockContent::kZeros});
  CHECK(fresh.fault.empty());
  CHECK(fresh.zeros);
  CHECK(fresh.generation == 0);
  REQUIRE(blocks.write(3, BlockContent::kWritten, 7));
  REQUIRE(blocks.flush());
  const StampedBlocks::Sight written = blocks.look(3, {BlockContent::kZeros});
  CHECK(written.fault.empty());
  CHECK(written.generation == 7);
}

TEST_CASE("a block that was torn between writes is as old as its oldest sector",
          "[device][stamped_blocks]") {
  const Disk disk;
  StampedBlocks blocks = disk.open();
  REQUIRE(blocks.write(0, BlockContent::kWritten, 2));
  disk.copy(kBlock + 512, 512, 512);  // zeros
  CHECK(blocks.look(0, {BlockContent::kZeros}).generation == 0);
  CHECK(blocks.look(0, {BlockContent::kZeros}).fault.empty());
  CHECK(blocks.look(0, {BlockContent::kSource}).fault.find("sector 1 holds zeros") !=
        std::string::npos);
}

TEST_CASE("what nobody wrote there is a fault", "[device][stamped_blocks]") {
  const Disk disk;
  StampedBlocks blocks = disk.open();
  REQUIRE(blocks.write(1, BlockContent::kPoison, 0));
  CHECK(blocks.look(1, {BlockContent::kZeros}).fault.find("holds poison") !=
        std::string::npos);
  CHECK(blocks.look(1, {BlockContent::kPoison}).fault.empty());
  REQUIRE(blocks.write(2, BlockContent::kWritten, 1));
  disk.copy(2 * kBlock, 4 * kBlock, kBlock);
  CHECK(blocks.look(4, {BlockContent::kZeros}).fault.find("write 1 of block 2") !=
        std::string::npos);
  disk.copy(2 * kBlock + 100, 2 * kBlock + 200, 8);
  CHECK(blocks.look(2, {BlockContent::kZeros}).fault.find("a damaged stamp") !=
        std::string::npos);
}

TEST_CASE("legs that differ are told with what each has", "[device][stamped_blocks]") {
  const Disk left("left");
  const Disk right("right");
  StampedBlocks a = left.open();
  StampedBlocks b = right.open();
  REQUIRE(a.write(5, BlockContent::kWritten, 2));
  REQUIRE(b.write(5, BlockContent::kWritten, 1));
  CHECK(value_or_throw(a.compare(4, b, "left", "right")).empty());
  CHECK(value_or_throw(a.compare(5, b, "left", "right")) ==
        "the legs differ at block 5, sector 40: left holds write 2, right holds write 1 "
        "(from byte 32: 02 00 00 00 00 00 00 00 and 01 00 00 00 00 00 00 00)");
  right.damage(5 * kBlock + 1024 + 300);
  REQUIRE(a.write(5, BlockContent::kWritten, 1));
  CHECK(value_or_throw(a.compare(5, b, "vdb", "vdc"))
            .find("sector 42: vdb holds write 1, "
                  "vdc holds a damaged stamp "
                  "(from byte 300: ") != std::string::npos);
}

TEST_CASE("scribbling leaves one version or the other", "[device][stamped_blocks]") {
  const Disk disk;
  StampedBlocks blocks = disk.open();
  REQUIRE(blocks.scribble(6, 3, 5));
  REQUIRE(blocks.scribble_mapped(7, 3, 5));
  for (const std::uint64_t block : {6U, 7U}) {
    const StampedBlocks::Sight sight = blocks.look(block, {});
    // A sector may have been taken in the midst of a change.
    CHECK((sight.generation == 3 || sight.generation == 4 || !sight.fault.empty()));
  }
  StampedBlocks small = value_or_throw(StampedBlocks::open(disk.path(), 512));
  const Status refused = small.scribble_mapped(0, 1, 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "blocks of 512 bytes cannot be mapped");
}

TEST_CASE("ranges and contents of blocks are read strictly", "[device][stamped_blocks]") {
  CHECK(value_or_throw(parse_block_range("7")).last == 7);
  CHECK(value_or_throw(parse_block_range("2-9")).first == 2);
  for (const char* bad : {"", "-", "3-", "9-2", "x", "1-2-3", "1 - 2"}) {
    INFO(bad);
    CHECK_FALSE(parse_block_range(bad));
  }
  CHECK(value_or_throw(parse_block_content("source")) == BlockContent::kSource);
  CHECK_FALSE(parse_block_content("sauce"));
}

}  // namespace
}  // namespace powercut
