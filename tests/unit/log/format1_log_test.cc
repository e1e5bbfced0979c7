// SPDX-License-Identifier: GPL-2.0-only

#include "kernel/log-writes/log_format.h"
#include "tests/unit/log/opened_log.h"

#include <catch2/catch.hpp>

#include <algorithm>

namespace powercut {

namespace {

using Lines = std::vector<std::string>;

// "0 submit write 4096+512", without the data's hash.
Lines shapes(const OpenedLog& opened) {
  Lines lines = opened.events();
  for (std::string& line : lines) {
    line = line.substr(0, line.find(" data "));
  }
  return lines;
}

OpenedLog open_built(const ScratchDir& dir, const Format1Builder& builder,
                     const LogOptions& options = {}) {
  return open_bytes(dir, builder.bytes(), options);
}

}  // namespace

TEST_CASE("format 1: an entry is a submission and its completion with one seq",
          "[log][format1]") {
  ScratchDir dir;
  OpenedLog opened = open_built(dir, Format1Builder().write(8, "a").fua(9, "b").flush());
  CHECK(shapes(opened) ==
        Lines{"0 submit write 4096+512", "0 complete write 4096+512 ref 0",
              "1 submit write fua 4608+512", "1 complete write fua 4608+512 ref 1",
              "2 submit flush 0+0", "2 complete flush 0+0 ref 2"});
  CHECK(opened.log->entry_count() == 3);
  CHECK(opened.log->end() == LogEnd::kCut);
  CHECK(opened.damage.empty());
}

TEST_CASE("format 1: data lies behind the header", "[log][format1]") {
  ScratchDir dir;
  OpenedLog opened = open_built(dir, Format1Builder(4096).write(1, "hello"));
  std::string data;
  opened.log->visit([&](const Event& event) {
    if (event.data_bytes > 0) {
      const auto bytes = opened.log->bytes(event.data_pos, event.data_bytes);
      data.assign(reinterpret_cast<const char*>(bytes.data()), 5);
    }
    return Visit::kContinue;
  });
  CHECK(data == "hello");
}

TEST_CASE("format 1: a pre-flush with a sector and no data is a flush only",
          "[log][format1]") {
  ScratchDir dir;
  OpenedLog opened = open_built(
      dir, Format1Builder().raw(8, 0, PC_LOG1_FLUSH | PC_LOG1_FUA | PC_LOG1_METADATA));
  CHECK(shapes(opened) == Lines{"0 submit flush fua meta 4096+0",
                                "0 complete flush fua meta 4096+0 ref 0"});
}

TEST_CASE("format 1: a flush with data is the flush, then the write", "[log][format1]") {
  ScratchDir dir;
  OpenedLog opened = open_built(dir, Format1Builder().write(8, "x", PC_LOG1_FLUSH));
  CHECK(shapes(opened) == Lines{"0 submit flush 4096+0", "0 complete flush 4096+0 ref 0",
                                "0 submit write 4096+512",
                                "0 complete write 4096+512 ref 0"});
}

TEST_CASE("format 1: an entry of no bytes counts but is no event", "[log][format1]") {
  ScratchDir dir;
  OpenedLog opened =
      open_built(dir, Format1Builder().raw(0, 0, 0).raw(8, 0, PC_LOG1_FUA).write(1, "x"));
  CHECK(opened.log->entry_count() == 3);
  CHECK(shapes(opened).front() == "2 submit write 512+512");
}

TEST_CASE("format 1: a discard has no data in the log", "[log][format1]") {
  ScratchDir dir;
  OpenedLog opened = open_built(dir, Format1Builder().discard(8, 1024).mark("after"));
  CHECK(shapes(opened) == Lines{"0 submit discard 4096+524288",
                                "0 complete discard 4096+524288 ref 0", "1 mark after"});
  CHECK(opened.log->devices().front().discard);
}

TEST_CASE("format 1: a mark ends at its first zero byte", "[log][format1]") {
  ScratchDir dir;
  OpenedLog opened =
      open_built(dir, Format1Builder().raw(0, 0, PC_LOG1_MARK, 9, "mkfs").mark("x"));
  CHECK(shapes(opened) == Lines{"0 mark mkfs", "1 mark x"});
}

TEST_CASE("format 1: metadata writes are told apart", "[log][format1]") {
  ScratchDir dir;
  CHECK(shapes(open_built(dir, Format1Builder().meta(0, "x"))).front() ==
        "0 submit write meta 0+512");
}

TEST_CASE("format 1: visiting from a seq equals the tail of the whole visit",
          "[log][format1]") {
  ScratchDir dir;
  Format1Builder builder;
  for (std::uint64_t i = 0; i < 300; ++i) {
    builder.write(i, std::to_string(i));
  }
  OpenedLog opened = open_built(dir, builder);
  const Lines all = opened.events();
  for (std::uint64_t seq : {0U, 1U, 63U, 64U, 65U, 127U, 128U, 299U}) {
    Lines tail;
    opened.log->visit_from(seq, [&](const Event& event) {
      tail.push_back(describe(event, *opened.log));
      return Visit::kContinue;
    });
    CHECK(std::equal(tail.begin(), tail.end(),
                     all.begin() + static_cast<std::ptrdiff_t>(2 * seq), all.end()));
  }
  opened.log->visit_from(300, [](const Event&) -> Visit {
    FAIL("an event past the end");
    return Visit::kStop;
  });
}

TEST_CASE(
    "format 1: a clean removal's mark is a clean end; without marks it is not known",
    "[log][format1]") {
  ScratchDir dir;
  CHECK(
      open_built(dir, Format1Builder().mark("a").mark("dm-log-writes-end")).log->end() ==
      LogEnd::kClean);
  CHECK(open_built(dir, Format1Builder().mark("a").write(0, "x")).log->end() !=
        LogEnd::kClean);
  CHECK(open_built(dir, Format1Builder().write(0, "x")).log->end() == LogEnd::kUnknown);
  CHECK(open_built(dir, Format1Builder().write(0, "x", PC_LOG1_FUA)).log->end() ==
        LogEnd::kCut);
}

TEST_CASE("format 1: QEMU's dialect is recognised by what it lacks", "[log][format1]") {
  ScratchDir dir;
  CHECK(contains(open_built(dir, Format1Builder().write(0, "x")).log->description(),
                 "blklogwrites"));
  CHECK(open_built(dir, Format1Builder().write(0, "x").mark("m")).log->description() ==
        "format 1 (dm-log-writes)");
}

TEST_CASE("format 1: an empty log is a log", "[log][format1]") {
  ScratchDir dir;
  OpenedLog opened = open_built(dir, Format1Builder());
  REQUIRE(opened.log);
  CHECK(opened.log->entry_count() == 0);
  CHECK(opened.damage.empty());
}

TEST_CASE("format 1: whole entries past a stale superblock are taken, and it says so",
          "[log][format1]") {
  ScratchDir dir;
  Format1Builder builder;
  builder.write(1, "a").write(2, "b").mark("m").flush().count(1);
  OpenedLog opened = open_built(dir, builder);
  CHECK(opened.log->entry_count() == 4);
  CHECK(
      contains(opened.sentences(),
               "the superblock counts 1 entries, 3 more from byte 1536 on are whole and "
               "were taken, on trust"));
  CHECK(opened.log->end() != LogEnd::kClean);
  CHECK(open_built(dir, builder, {.salvage = false}).log->entry_count() == 1);
}

TEST_CASE("format 1: salvage ends at a zero tail, at junk and at the end mark",
          "[log][format1]") {
  ScratchDir dir;
  const std::string zeros(4096, '\0');
  CHECK(
      open_built(dir, Format1Builder().write(1, "a").write(2, "b").count(1).append(zeros))
          .log->entry_count() == 2);
  CHECK(open_built(dir, Format1Builder().write(1, "a").raw(1, 0, 64).count(1))
            .log->entry_count() == 1);
  CHECK(
      open_built(
          dir,
          Format1Builder().write(1, "a").raw(1, 0, PC_LOG1_FUA, 0, "no padding").count(1))
          .log->entry_count() == 1);
  OpenedLog ended = open_built(
      dir, Format1Builder().mark("dm-log-writes-end").write(1, "older").count(1));
  CHECK(ended.log->entry_count() == 1);
  CHECK(ended.log->end() == LogEnd::kClean);
  CHECK(ended.damage.empty());
}

TEST_CASE("format 1: empty entries within the count are trusted", "[log][format1]") {
  ScratchDir dir;
  CHECK(open_built(dir, Format1Builder().raw(0, 0, 0).raw(0, 0, 0)).log->entry_count() ==
        2);
}

TEST_CASE("format 1: unknown flags stop the reader there", "[log][format1]") {
  ScratchDir dir;
  OpenedLog opened =
      open_built(dir, Format1Builder().write(1, "a").raw(0, 0, 0x60).write(2, "b"));
  CHECK(opened.log->entry_count() == 1);
  CHECK(contains(opened.sentences(),
                 "entry 1 at byte 1536: unknown flag bits 0x60; 2 of "
                 "the 3 entries that the superblock counts were "
                 "dropped (1536 bytes to the end of the file)"));
}

TEST_CASE("format 1: hostile lengths are damage", "[log][format1]") {
  ScratchDir dir;

  struct Case {
    std::uint64_t sector, nr_sectors, flags, data_len;
    const char* why;
  };

  const Case cases[] = {
      {0, 1ULL << 60, 0, 0, "beyond any device"},
      {0, (1ULL << 55) + 1, 0, 0, "beyond any device"},
      {UINT64_MAX, 1, 0, 0, "beyond any device"},
      {1ULL << 55, 1, PC_LOG1_DISCARD, 0, "beyond any device"},
      {(1ULL << 54) - 1, 2, 0, 0, "beyond any device"},
      {0, 3, 0, 0, "do not fit in the file"},
      {0, 1ULL << 53, 0, 0, "do not fit in the file"},
      {0, 0, PC_LOG1_MARK, 481, "a mark of 481 bytes does not fit in a sector of 512"},
      {0, 0, PC_LOG1_MARK, UINT64_MAX, "does not fit in a sector"},
  };
  for (const Case& c : cases) {
    OpenedLog opened = open_built(
        dir, Format1Builder().flush().raw(c.sector, c.nr_sectors, c.flags, c.data_len));
    CHECK(opened.log->entry_count() == 1);
    CHECK(contains(opened.sentences(), c.why));
    CHECK(opened.log->end() != LogEnd::kClean);
  }
}

TEST_CASE("format 1: sector sizes are powers of two from 512 to 65536",
          "[log][format1]") {
  ScratchDir dir;
  for (std::uint32_t bytes : {512U, 4096U, 65536U}) {
    CHECK(open_built(dir, Format1Builder(bytes).write(1, "a")).log->entry_count() == 1);
  }
  for (std::uint32_t bytes : {0U, 7U, 32U, 256U, 513U, 131072U, 16U << 20}) {
    std::string log = Format1Builder().write(1, "a").bytes();
    for (std::size_t i = 0; i < 4; ++i) {
      log[24 + i] = static_cast<char>(bytes >> (8 * i));
    }
    OpenedLog opened = open_bytes(dir, log);
    REQUIRE_FALSE(opened.log);
    CHECK(contains(opened.error.message,
                   fmt::format("unsupported sector size {} at byte 24", bytes)));
    CHECK(contains(opened.error.hint, "512 to 65536"));
  }
}

TEST_CASE("format 1: a count beyond the file drops what is not there", "[log][format1]") {
  ScratchDir dir;
  OpenedLog opened = open_built(dir, Format1Builder().write(1, "a").count(UINT64_MAX));
  CHECK(opened.log->entry_count() == 1);
  CHECK(contains(opened.sentences(), "entry 1 at byte 1536: the file ends at byte 1536"));
}

TEST_CASE("format 1: a log cut at any byte yields the whole entries before the cut",
          "[log][format1]") {
  ScratchDir dir;
  const std::string whole =
      Format1Builder().write(8, "a").mark("m").discard(0, 8).fua(9, "b").flush().bytes();
  const std::uint64_t ends[] = {1536, 2048, 2560, 3584, 4096};
  const Lines all = open_bytes(dir, whole).events();
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    OpenedLog opened = open_bytes(dir, std::string_view(whole).substr(0, cut));
    if (!opened.log) {
      REQUIRE(cut < 32);
      REQUIRE_FALSE(opened.error.message.empty());
      continue;
    }
    const auto expected = static_cast<std::uint64_t>(
        std::ranges::count_if(ends, [&](std::uint64_t end) { return end <= cut; }));
    REQUIRE(opened.log->entry_count() == expected);
    REQUIRE(is_prefix(opened.events(), all));
    REQUIRE(opened.damage.sentences().size() == 1);
    REQUIRE(opened.log->end() != LogEnd::kClean);
  }
}

TEST_CASE("format 1: any flipped byte is survived", "[log][format1]") {
  ScratchDir dir;
  const std::string whole =
      Format1Builder().write(8, "a").mark("m").discard(0, 8).flush().bytes();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0xff);
    OpenedLog opened = open_bytes(dir, flipped);
    REQUIRE((opened.log ? opened.events().size() < 100 : !opened.error.message.empty()));
  }
}

TEST_CASE("format 1: the digest names the entries", "[log][format1]") {
  ScratchDir dir;
  const auto digest = [&](const Format1Builder& builder) {
    return open_built(dir, builder).log->digest();
  };
  CHECK(digest(Format1Builder().mark("a")) == digest(Format1Builder().mark("a")));
  CHECK(digest(Format1Builder().mark("a")) != digest(Format1Builder().mark("b")));
}

}  // namespace powercut
