// SPDX-License-Identifier: GPL-2.0-only

#include "device/served_disk.h"

#include "tests/support/memory_sink.h"

#include <catch2/catch.hpp>

#include <cerrno>
#include <random>
#include <thread>

namespace powercut {
namespace {

using test::MemorySink;
using test::MemorySource;
using Bytes = std::vector<std::byte>;
using Units = std::vector<std::uint64_t>;

constexpr std::size_t kSize = 1 << 20;

std::shared_ptr<const BlockSource> filled(int value, std::size_t size = kSize) {
  return std::make_shared<MemorySource>(size, std::byte(value));
}

// A disk of ones with verbs.
struct Disk {
  explicit Disk(ServedDisk::Options options) : served(filled(1), std::move(options)) {}

  static ServedDisk::Options with_footprint(std::uint32_t unit = 4096) {
    ServedDisk::Options options;
    options.footprint_unit_bytes = unit;
    return options;
  }

  static ServedDisk::Options with_recorder(EventSink& sink) {
    ServedDisk::Options options;
    options.recorder = &sink;
    options.device = 3;
    return options;
  }

  Bytes read(std::uint64_t offset, std::size_t length) {
    Bytes bytes(length);
    REQUIRE(served.read(offset, bytes) == 0);
    return bytes;
  }

  int write(std::uint64_t offset, std::size_t length, int value) {
    return served.write(offset, Bytes(length, std::byte(value)));
  }

  ServedDisk served;
};

TEST_CASE("a served disk reads its source, and what was written over it",
          "[device][served_disk]") {
  Disk disk({});
  CHECK(disk.read(0, 8192) == Bytes(8192, std::byte{1}));
  REQUIRE(disk.write(4096, 4096, 2) == 0);
  CHECK(disk.read(4095, 1) == Bytes(1, std::byte{1}));
  CHECK(disk.read(4096, 4096) == Bytes(4096, std::byte{2}));
}

TEST_CASE("a served disk refuses ranges outside", "[device][served_disk]") {
  Disk disk({});
  Bytes bytes(1024);
  CHECK(disk.served.read(kSize - 512, bytes) == EINVAL);
  CHECK(disk.served.read(~std::uint64_t{0}, bytes) == EINVAL);
  CHECK(disk.write(kSize, 512, 1) == EINVAL);
  CHECK(disk.served.discard(512, kSize) == EINVAL);
}

TEST_CASE("a read-only disk refuses writes with EROFS", "[device][served_disk]") {
  ServedDisk::Options options;
  options.read_only = true;
  Disk disk(std::move(options));
  CHECK(disk.write(0, 512, 1) == EROFS);
  CHECK(disk.served.discard(0, 512) == EROFS);
  CHECK(disk.served.write_zeroes(0, 512, false) == EROFS);
}

TEST_CASE("discarded and zeroed ranges read as zeros", "[device][served_disk]") {
  Disk disk({});
  REQUIRE(disk.served.discard(100, 1000) == 0);
  CHECK(disk.read(99, 1) == Bytes(1, std::byte{1}));
  CHECK(disk.read(100, 1000) == Bytes(1000));
  CHECK(disk.read(1100, 10) == Bytes(10, std::byte{1}));
  REQUIRE(disk.served.write_zeroes(8192, 4096, true) == 0);
  CHECK(disk.read(8192, 4096) == Bytes(4096));
}

TEST_CASE("reset takes another source and forgets all writes", "[device][served_disk]") {
  Disk disk(Disk::with_footprint());
  REQUIRE(disk.write(0, 4096, 2) == 0);
  disk.read(0, 16384);
  disk.served.reset(filled(5, kSize / 2));
  CHECK(disk.served.size_bytes() == kSize / 2);
  CHECK(disk.served.footprint().empty());
  CHECK(disk.served.counters().writes == 0);
  CHECK(disk.read(0, 4096) == Bytes(4096, std::byte{5}));
  CHECK(disk.served.footprint() == Units{0});
}

TEST_CASE("a footprint lists units once, in the order of first reading",
          "[device][footprint]") {
  Disk disk(Disk::with_footprint());
  disk.read(40960, 512);
  disk.read(4095, 2);
  disk.read(40960, 8192);
  CHECK(disk.served.footprint() == Units{10, 0, 1, 11});
}

TEST_CASE("a footprint has the units it was asked for", "[device][footprint]") {
  const std::uint32_t unit = GENERATE(512U, 1024U, 65536U);
  Disk disk(Disk::with_footprint(unit));
  disk.read(65536, unit);
  disk.read(0, 1);
  CHECK(disk.served.footprint() == Units{65536 / unit, 0});
}

TEST_CASE("a unit read after it was written is not in the footprint",
          "[device][footprint]") {
  Disk disk(Disk::with_footprint());
  REQUIRE(disk.write(0, 4096, 2) == 0);
  REQUIRE(disk.served.discard(4096, 4096) == 0);
  REQUIRE(disk.write(8192, 512, 2) == 0);
  disk.read(0, 8192);
  disk.read(8192, 512);
  CHECK(disk.served.footprint().empty());
  disk.read(8192, 513);
  CHECK(disk.served.footprint() == Units{2});
}

TEST_CASE("a write of part of a sector reads the rest of it", "[device][footprint]") {
  Disk disk(Disk::with_footprint(512));
  REQUIRE(disk.write(700, 1000, 2) == 0);  // sectors 1 (part), 2 (whole), 3 (part)
  CHECK(disk.served.footprint() == Units{1, 3});
  CHECK(disk.read(512, 188) == Bytes(188, std::byte{1}));
  CHECK(disk.read(700, 1000) == Bytes(1000, std::byte{2}));
  CHECK(disk.read(1700, 348) == Bytes(348, std::byte{1}));
}

TEST_CASE("a write into one sector keeps both of its ends", "[device][served_disk]") {
  Disk disk(Disk::with_footprint(512));
  const std::uint64_t offset = GENERATE(1024U, 1030U, 1436U);
  REQUIRE(disk.write(offset, 100, 2) == 0);
  Bytes expected(512, std::byte{1});
  std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(offset - 1024), 100,
              std::byte{2});
  CHECK(disk.read(1024, 512) == expected);
  CHECK(disk.served.footprint() == Units{2});
}

TEST_CASE("probes list what the base has not read, each for itself",
          "[device][footprint]") {
  Disk disk(Disk::with_footprint());
  disk.read(0, 4096);
  disk.served.begin_probe(1);
  disk.read(0, 8192);
  disk.served.begin_probe(2);
  disk.read(4096, 8192);
  disk.served.begin_probe(1);
  disk.read(4096, 4096);
  disk.read(12288, 1);
  CHECK(disk.served.footprint(0) == Units{0});
  CHECK(disk.served.footprint(1) == Units{1, 3});
  CHECK(disk.served.footprint(2) == Units{1, 2});
  CHECK(disk.served.footprint(7).empty());
  disk.served.begin_probe(0);
  disk.read(8192, 1);
  CHECK(disk.served.footprint(0) == Units{0, 2});
  disk.served.reset(filled(1));
  CHECK(disk.served.footprint(1).empty());
}

TEST_CASE("a recorder hears of a submission before its completion",
          "[device][served_disk][recorder]") {
  MemorySink sink;
  Disk disk(Disk::with_recorder(sink));
  REQUIRE(disk.served.write(512, Bytes(512, std::byte{2}), {.pid = 77, .fua = true}) ==
          0);
  REQUIRE(disk.served.flush() == 0);
  REQUIRE(disk.served.discard(0, 1024) == 0);
  REQUIRE(disk.served.write_zeroes(0, 512, true) == 0);
  REQUIRE(sink.events().size() == 8);
  const MemorySink::Event first = sink.events()[0];
  CHECK(first.what == "submit");
  CHECK(first.submission.device == 3);
  CHECK(first.submission.pid == 77);
  CHECK(first.submission.fua);
  CHECK(first.submission.offset_bytes == 512);
  CHECK(first.data == Bytes(512, std::byte{2}));
  CHECK(sink.events()[1].what == "complete");
  CHECK(sink.events()[1].seq == 0);
  CHECK(sink.events()[2].submission.op == Op::kFlush);
  CHECK(sink.events()[4].submission.op == Op::kDiscard);
  CHECK(sink.events()[6].submission.op == Op::kWriteZeroes);
  CHECK(sink.events()[6].submission.nounmap);
}

TEST_CASE("recorded writes are whole sectors", "[device][served_disk][recorder]") {
  MemorySink sink;
  Disk disk(Disk::with_recorder(sink));
  REQUIRE(disk.write(700, 10, 2) == 0);
  REQUIRE(sink.events().size() == 2);
  CHECK(sink.events()[0].submission.offset_bytes == 512);
  CHECK(sink.events()[0].submission.length_bytes == 512);
  CHECK(sink.events()[0].data == disk.read(512, 512));
}

TEST_CASE("overlapping writes of several threads replay to the same bytes",
          "[device][served_disk][recorder]") {
  constexpr std::size_t kSmall = 16384;
  MemorySink sink;
  ServedDisk::Options options;
  options.recorder = &sink;
  ServedDisk disk(kSmall, nullptr, std::move(options));
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&disk, t] {
      std::mt19937 random(t);
      for (int i = 0; i < 400; ++i) {
        const std::size_t offset = random() % (kSmall - 3000);
        const std::size_t length =
            random() % 4 == 0 ? 1 + random() % 2000 : 512 * (1 + random() % 4);
        const Bytes data(length, std::byte(random() % 256));
        const std::size_t at = length % 512 == 0 ? offset / 512 * 512 : offset;
        [[maybe_unused]] const int status =
            random() % 8 == 0 ? disk.discard(at, length) : disk.write(at, data);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  Bytes bytes(kSmall);
  REQUIRE(disk.read(0, bytes) == 0);
  CHECK(bytes == sink.replay(kSmall));
}

TEST_CASE("after a failure of the recorder every write fails",
          "[device][served_disk][recorder]") {
  MemorySink sink;
  sink.fail_at = 2;
  Disk disk(Disk::with_recorder(sink));
  CHECK(disk.write(0, 512, 2) == 0);
  CHECK_FALSE(disk.served.recorder_error());
  CHECK(disk.write(0, 512, 3) == EIO);
  sink.fail_at.reset();
  CHECK(disk.write(0, 512, 4) == EIO);
  CHECK(disk.served.flush() == EIO);
  REQUIRE(disk.served.recorder_error());
  CHECK(disk.served.recorder_error()->message.find("the log is full") == 0);
  CHECK(disk.read(0, 512) == Bytes(512, std::byte{2}));
}

TEST_CASE("a source that fails makes the read fail, and is remembered",
          "[device][served_disk]") {
  struct Broken final : BlockSource {
    std::uint64_t size_bytes() const override { return kSize; }

    void read(std::uint64_t /*offset*/, std::span<std::byte> /*out*/) const override {
      throw Failure(Error{ErrorKind::kBadInput, "torn", {}});
    }
  };

  ServedDisk disk(std::make_shared<Broken>(), {});
  Bytes bytes(512);
  CHECK(disk.read(0, bytes) == EIO);
  REQUIRE(disk.read_error());
  CHECK(disk.read_error()->message == "torn");
}

TEST_CASE("a disk counts its requests", "[device][served_disk]") {
  Disk disk({});
  disk.read(0, 100);
  REQUIRE(disk.write(0, 1024, 2) == 0);
  REQUIRE(disk.served.discard(0, 512) == 0);
  REQUIRE(disk.served.flush() == 0);
  const DiskCounters counters = disk.served.counters();
  CHECK(counters.reads == 1);
  CHECK(counters.read_bytes == 100);
  CHECK(counters.writes == 1);
  CHECK(counters.written_bytes == 1024);
  CHECK(counters.discards == 1);
  CHECK(counters.flushes == 1);
}

}  // namespace
}  // namespace powercut
