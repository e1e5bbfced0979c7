// SPDX-License-Identifier: GPL-2.0-only

#include "log/format1_writer.h"

#include "kernel/log-writes/log_format.h"
#include "tests/unit/log/opened_log.h"

#include <catch2/catch.hpp>

namespace powercut {

namespace {

std::span<const std::byte> data_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

TEST_CASE("format 1 writer: writes the bytes that the format says",
          "[log][format1_writer]") {
  ScratchDir dir;
  for (std::uint32_t sector : {512U, 4096U}) {
    auto writer = value_or_throw(Format1Writer::create(dir / "log", sector));
    const std::string data(2 * sector, 'x');
    value_or_throw(writer.entry({.flags = PC_LOG1_FUA | PC_LOG1_METADATA,
                                 .offset_bytes = 8 * sector,
                                 .length_bytes = data.size()},
                                data_of(data)));
    value_or_throw(writer.entry({.flags = PC_LOG1_FLUSH}, {}));
    value_or_throw(writer.mark("mkfs"));
    value_or_throw(
        writer.entry({.flags = PC_LOG1_DISCARD, .length_bytes = 100 * sector}, {}));
    value_or_throw(writer.zero_entry({.offset_bytes = sector, .length_bytes = sector}));
    value_or_throw(writer.mark("dm-log-writes-end"));
    value_or_throw(writer.close());
    CHECK(read_file(dir / "log") == Format1Builder(sector)
                                        .write(8, data, PC_LOG1_FUA | PC_LOG1_METADATA)
                                        .flush()
                                        .mark("mkfs")
                                        .discard(0, 100)
                                        .write(1, std::string(sector, '\0'))
                                        .mark("dm-log-writes-end")
                                        .bytes());
    CHECK(open_log(dir / "log").log->end() == LogEnd::kClean);
  }
}

TEST_CASE("format 1 writer: the superblock counts when asked", "[log][format1_writer]") {
  ScratchDir dir;
  auto writer = value_or_throw(Format1Writer::create(dir / "log", 512));
  CHECK(open_log(dir / "log").log->entry_count() == 0);
  value_or_throw(writer.mark("a"));
  value_or_throw(writer.update_super());
  CHECK(open_log(dir / "log").log->entry_count() == 1);
}

TEST_CASE("format 1 writer: a mark needs room for a zero behind it",
          "[log][format1_writer]") {
  ScratchDir dir;
  auto writer = value_or_throw(Format1Writer::create(dir / "log", 512));
  CHECK(writer.mark(std::string(479, 'x')));
  CHECK_FALSE(writer.mark(std::string(480, 'x')));
  CHECK_FALSE(writer.entry({.flags = PC_LOG1_DISCARD, .offset_bytes = 100}, {}));
  CHECK_FALSE(Format1Writer::create(dir / "other", 100));
}

}  // namespace powercut
