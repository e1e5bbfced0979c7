// SPDX-License-Identifier: GPL-2.0-only

#include "log/convert.h"

#include "kernel/log-writes/log_format.h"
#include "tests/unit/log/opened_log.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>

namespace powercut {

namespace {

// Where the fixture's log ends; zeros follow.
constexpr std::size_t kFixtureBytes = 10308096;

std::string fixture(const ScratchDir& dir) {
  const std::string path = (dir / "fixture").string();
  const int status =
      std::system(fmt::format("zstd -dcq '{}/tests/golden/upstream-ext4-sync/log.zst' | "
                              "head -c 10400000 > '{}'",
                              POWERCUT_SOURCE_DIR, path)
                      .c_str());
  REQUIRE(status == 0);
  return read_file(path);
}

Result<ConvertReport> convert_to(const ScratchDir& dir, const OpenedLog& from,
                                 std::string_view name, LogFormat target) {
  return convert(*from.log, dir / name, {.target = target});
}

// The log built, converted to format 1, as lines without data.
std::vector<std::string> as_format1(const ScratchDir& dir,
                                    const Format2Builder& builder) {
  builder.save(dir / "two");
  value_or_throw(convert_to(dir, open_log(dir / "two"), "one", LogFormat::k1));
  std::vector<std::string> lines;
  const OpenedLog opened = open_log(dir / "one");
  opened.log->visit([&](const Event& event) {
    if (event.type == EventType::kMark) {
      lines.push_back(std::string(event.text));
    } else if (event.type == EventType::kSubmit) {
      lines.push_back(
          fmt::format("{} {}", to_string(event.op), event.offset_bytes / 512));
    }
    return Visit::kContinue;
  });
  return lines;
}

std::string refusal(const ScratchDir& dir, const Format2Builder& builder) {
  builder.save(dir / "two");
  const auto report = convert_to(dir, open_log(dir / "two"), "one", LogFormat::k1);
  return report ? std::string("converted") : report.error().message;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("convert: a log of upstream's target survives 1 to 2 to 1 byte for byte",
          "[log][convert]") {
  ScratchDir dir;
  const std::string bytes = fixture(dir);
  const OpenedLog one = open_bytes(dir, bytes);
  REQUIRE(one.log);
  CHECK(one.log->entry_count() == 420);
  CHECK(one.log->end() == LogEnd::kClean);
  CHECK(one.damage.empty());
  value_or_throw(convert_to(dir, one, "two", LogFormat::k2));
  const OpenedLog two = open_log(dir / "two");
  CHECK(two.log->end() == LogEnd::kClean);
  CHECK(two.log->devices().front().size_bytes == 64ULL << 20);
  // What was discarded reads as zeros in both.
  CHECK(two.log->devices().front().discard_zeroes);
  const auto report = convert_to(dir, two, "again", LogFormat::k1);
  REQUIRE(report);
  CHECK(report->entries_written == 420);
  const std::string again = read_file(dir / "again");
  REQUIRE(again.size() == kFixtureBytes);
  CHECK(again.substr(0, 28) == bytes.substr(0, 28));
  CHECK((again.compare(512, kFixtureBytes, bytes, 512, kFixtureBytes - 512) == 0));
}

TEST_CASE("convert: the fixture has upstream's marks", "[log][convert]") {
  ScratchDir dir;
  const OpenedLog one = open_bytes(dir, fixture(dir));
  Lines marks;
  one.log->visit([&](const Event& event) {
    if (event.type == EventType::kMark) {
      marks.push_back(std::string(event.text));
    }
    return Visit::kContinue;
  });
  CHECK(marks == Lines{"start", "mkfs", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8",
                       "f9", "f10", "end", "dm-log-writes-end"});
}

TEST_CASE("convert: what format 1 never says is counted", "[log][convert]") {
  ScratchDir dir;
  const OpenedLog one = open_bytes(
      dir, Format1Builder().raw(0, 0, 0).mark("").write(4096, "x").discard(0, 8).bytes());
  const auto report = convert_to(dir, one, "two", LogFormat::k2);
  REQUIRE(report);
  CHECK(report->entries_read == 4);
  CHECK(report->entries_written == 4);
  CHECK(report->losses == Lines{"1 entries of no bytes were left out",
                                "1 marks without a text were left out"});
  CHECK(open_log(dir / "two").log->devices().front().size_bytes == 3ULL << 20);
}

TEST_CASE("convert: a given device size must hold what is written", "[log][convert]") {
  ScratchDir dir;
  const OpenedLog one = open_bytes(dir, Format1Builder().write(8, "x").bytes());
  CHECK(convert(*one.log, dir / "two", {.size_bytes = 8192}));
  CHECK(open_log(dir / "two").log->devices().front().size_bytes == 8192);
  CHECK_FALSE(convert(*one.log, dir / "two", {.size_bytes = 4096}));
  CHECK_FALSE(convert(*one.log, dir / "two", {.target = LogFormat::k1}));
}

TEST_CASE("convert: writes come in completion order, marks in their place",
          "[log][convert]") {
  ScratchDir dir;
  Format2Builder builder;
  const auto a = builder.submit_write(0, 0, "a");
  const auto b = builder.submit_write(0, 512, "b");
  builder.mark("both submitted");
  builder.complete(b);
  builder.mark("b completed");
  builder.complete(a);
  builder.flush();
  CHECK(as_format1(dir, builder) ==
        Lines{"both submitted", "write 1", "b completed", "write 0", "flush 0"});
}

TEST_CASE("convert: a flush does not cover a write that completed during it",
          "[log][convert]") {
  ScratchDir dir;
  Format2Builder builder;
  builder.write(0, "covered");
  const auto late = builder.submit_write(0, 512, "late");
  const auto flush = builder.flush_begin();
  builder.mark("in flight");
  builder.complete(late);
  builder.flush_end(flush);
  CHECK(as_format1(dir, builder) == Lines{"write 0", "in flight", "flush 0", "write 1"});
}

TEST_CASE("convert: write-zeroes become zeros, what never completed is left out",
          "[log][convert]") {
  ScratchDir dir;
  Format2Builder builder;
  builder.submit_write(0, 0, "lost");
  builder.flush_begin();
  builder.complete(builder.submit(
      {.op = Op::kWriteZeroes, .offset_bytes = 1024, .length_bytes = 8192}));
  CHECK(as_format1(dir, builder) == Lines{"write 2"});
  CHECK(std::filesystem::file_size(dir / "one") == 512 + 512 + 8192);
  const auto report = convert_to(dir, open_log(dir / "two"), "one", LogFormat::k1);
  CHECK(contains(fmt::format("{}", fmt::join(report->losses, "\n")),
                 "2 submissions that never completed were left out"));
}

TEST_CASE("convert: what format 1 cannot say is refused", "[log][convert]") {
  ScratchDir dir;
  Format2Builder failed;
  failed.complete(failed.submit_write(0, 0, "x"), 5);
  CHECK(contains(refusal(dir, failed), "seq 1 says that a write failed with error 5"));
  Format2Builder unstable;
  unstable.complete_unstable(unstable.submit_write(0, 0, "x"), "y");
  CHECK(contains(refusal(dir, unstable), "changed in flight"));
  Format2Builder long_mark;
  long_mark.mark(std::string(480, 'm'));
  CHECK(contains(refusal(dir, long_mark), "a mark of 480 bytes, a sector holds 479"));
  CHECK(contains(refusal(dir, Format2Builder(2)), "2 devices"));
  Format2Builder odd;
  odd.devices().front().logical_block_bytes = 4096;
  odd.write(512, "x");
  CHECK(contains(refusal(dir, odd), "no whole sectors of 4096 bytes"));
}

}  // namespace powercut
