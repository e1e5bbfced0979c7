// SPDX-License-Identifier: GPL-2.0-only

#include "device/file_overlay.h"
#include "device/memory_overlay.h"
#include "tests/support/memory_sink.h"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <filesystem>
#include <random>

namespace powercut {
namespace {

using test::MemorySource;
using Bytes = std::vector<std::byte>;

Bytes read(const Overlay& overlay, std::uint64_t offset, std::size_t length,
           const BlockSource* base) {
  Bytes bytes(length, std::byte{0xee});
  REQUIRE(overlay.read(offset, bytes, base) == 0);
  return bytes;
}

// A name that is gone with the test.
struct TemporaryFile {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("overlay-test-" + std::to_string(::getpid()));

  ~TemporaryFile() { std::filesystem::remove(path); }
};

TEST_CASE("an overlay shows its base where nothing was written", "[device][overlay]") {
  const MemorySource base(65536, std::byte{7});
  MemoryOverlay overlay;
  REQUIRE(overlay.write(1024, Bytes(512, std::byte{1})) == 0);
  CHECK(read(overlay, 1023, 1, &base) == Bytes(1, std::byte{7}));
  CHECK(read(overlay, 1024, 512, &base) == Bytes(512, std::byte{1}));
  CHECK(read(overlay, 1536, 512, &base) == Bytes(512, std::byte{7}));
  CHECK(overlay.covers(1024, 512));
  CHECK_FALSE(overlay.covers(1024, 1024));
  CHECK_FALSE(overlay.covers(512, 1024));
}

TEST_CASE("an overlay without a base shows zeros", "[device][overlay]") {
  const MemoryOverlay overlay;
  CHECK(read(overlay, 100, 9000, nullptr) == Bytes(9000));
}

TEST_CASE("an overlay equals a plain array under random writes", "[device][overlay]") {
  constexpr std::size_t kSectors = 256;
  const MemorySource base(kSectors * 512, std::byte{0x55});
  MemoryOverlay overlay;
  std::mt19937 random(42);
  for (int round = 0; round < 5; ++round) {
    Bytes expected(kSectors * 512, std::byte{0x55});
    for (int i = 0; i < 300; ++i) {
      const std::size_t first = random() % kSectors;
      const std::size_t count =
          std::min<std::size_t>(1 + random() % 24, kSectors - first);
      const bool zero = random() % 3 == 0;
      const Bytes data(count * 512, zero ? std::byte{0} : std::byte(1 + random() % 255));
      std::ranges::copy(data,
                        expected.begin() + static_cast<std::ptrdiff_t>(first * 512));
      REQUIRE((zero ? overlay.zero(first * 512, data.size())
                    : overlay.write(first * 512, data)) == 0);
    }
    CHECK(read(overlay, 0, expected.size(), &base) == expected);
    REQUIRE(overlay.reset() == 0);
    CHECK_FALSE(overlay.covers(0, 512));
    CHECK(read(overlay, 0, 4096, &base) == Bytes(4096, std::byte{0x55}));
  }
}

TEST_CASE("a reset overlay uses its memory again", "[device][overlay]") {
  MemoryOverlay overlay;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(overlay.write(0, Bytes(1 << 20, std::byte{1})) == 0);
    REQUIRE(overlay.reset() == 0);
  }
  CHECK(overlay.pool_bytes() == 1 << 20);
}

TEST_CASE("zeroed chunks take no memory", "[device][overlay]") {
  MemoryOverlay overlay;
  REQUIRE(overlay.zero(0, 1 << 24) == 0);
  CHECK(overlay.pool_bytes() == 0);
  CHECK(overlay.covers(0, 1 << 24));
  CHECK_FALSE(overlay.covers(0, (1 << 24) + 1));
}

TEST_CASE("a file overlay starts as its base and keeps writes in the file",
          "[device][overlay]") {
  const TemporaryFile file;
  Bytes image(1 << 16);
  image[5000] = std::byte{9};
  const MemorySource base(image);
  {
    const std::unique_ptr<FileOverlay> overlay =
        value_or_throw(FileOverlay::create_from(file.path, base));
    CHECK(read(*overlay, 0, image.size(), nullptr) == image);
    REQUIRE(overlay->write(512, Bytes(512, std::byte{3})) == 0);
    REQUIRE(overlay->zero(4608, 1024) == 0);
    CHECK(overlay->covers(0, image.size()));
  }
  const std::unique_ptr<FileOverlay> overlay =
      value_or_throw(FileOverlay::open(file.path));
  CHECK(overlay->size_bytes() == image.size());
  CHECK(read(*overlay, 512, 512, nullptr) == Bytes(512, std::byte{3}));
  CHECK(read(*overlay, 4608, 1024, nullptr) == Bytes(1024));
  REQUIRE(overlay->reset() == 0);
  CHECK(read(*overlay, 0, image.size(), nullptr) == Bytes(image.size()));
}

}  // namespace
}  // namespace powercut
