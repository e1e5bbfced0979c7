// SPDX-License-Identifier: GPL-2.0-only

#include "log/format2_writer.h"

#include "kernel/log-writes/log_format.h"
#include "log/format2_log.h"
#include "tests/unit/log/opened_log.h"

#include <catch2/catch.hpp>

#include <thread>

namespace powercut {

namespace {

Format2Options options_of(std::uint64_t log_bytes = 0, OnFull on_full = OnFull::kError) {
  Format2Options options = Format2Builder().options();
  options.log_bytes = log_bytes;
  options.on_full = on_full;
  options.uuid.reset();
  options.record_times = true;
  return options;
}

const std::string kSector(512, 'x');

Result<std::uint64_t> write(Format2Writer& writer, std::uint64_t offset_bytes) {
  return writer.submit({.offset_bytes = offset_bytes, .length_bytes = kSector.size()},
                       std::as_bytes(std::span(kSector)));
}

std::unique_ptr<Format2Writer> create(const ScratchDir& dir,
                                      const Format2Options& options) {
  return value_or_throw(Format2Writer::create(dir / "log", options));
}

}  // namespace

TEST_CASE("format 2 writer: a completed flush is in the file when it returns",
          "[log][format2_writer]") {
  ScratchDir dir;
  auto writer = create(dir, options_of());
  value_or_throw(writer->complete(*write(*writer, 0), 0));
  CHECK(open_log(dir / "log").log->entry_count() == 0);
  const auto flush = writer->submit({.op = Op::kFlush}, {});
  value_or_throw(writer->complete(*flush, 0));
  CHECK(open_log(dir / "log").log->entry_count() == 4);
}

TEST_CASE("format 2 writer: a mark, and what was asked to be synced, are in the file",
          "[log][format2_writer]") {
  ScratchDir dir;
  auto writer = create(dir, options_of());
  value_or_throw(writer->mark("m"));
  CHECK(open_log(dir / "log").log->entry_count() == 1);
  value_or_throw(write(*writer, 0));
  value_or_throw(writer->sync());
  CHECK(open_log(dir / "log").log->entry_count() == 2);
}

TEST_CASE("format 2 writer: destroyed without close it leaves a log that was cut off",
          "[log][format2_writer]") {
  ScratchDir dir;
  {
    auto writer = create(dir, options_of());
    value_or_throw(write(*writer, 0));
  }
  OpenedLog opened = open_log(dir / "log");
  CHECK(opened.log->entry_count() == 1);
  CHECK(opened.log->end() != LogEnd::kClean);
}

TEST_CASE("format 2 writer: what makes no sense is refused", "[log][format2_writer]") {
  ScratchDir dir;
  auto writer = create(dir, options_of());
  const auto data = std::as_bytes(std::span(kSector));
  CHECK_FALSE(writer->submit({.device = 1, .length_bytes = 512}, data));
  CHECK_FALSE(writer->submit({.offset_bytes = 1ULL << 20, .length_bytes = 512}, data));
  CHECK_FALSE(writer->submit({.length_bytes = 1024}, data));
  CHECK_FALSE(writer->submit({.op = Op::kFlush, .length_bytes = 512}, data));
  CHECK_FALSE(writer->submit({.op = Op::kRead, .length_bytes = 512}, {}));
  CHECK_FALSE(writer->complete(0, 0));
  CHECK_FALSE(writer->mark(""));
  CHECK_FALSE(writer->mark(std::string(PC_MARK_MAX_BYTES + 1, 'x')));
  CHECK_FALSE(writer->mark(std::string("a\0b", 3)));
  const auto seq = write(*writer, 0);
  value_or_throw(writer->complete(*seq, 0));
  CHECK_FALSE(writer->complete(*seq, 0));
  value_or_throw(writer->close());
  CHECK_FALSE(write(*writer, 0));
  CHECK(open_log(dir / "log").log->end() == LogEnd::kClean);
}

TEST_CASE("format 2 writer: bad options are refused", "[log][format2_writer]") {
  ScratchDir dir;
  const auto refused = [&](const std::function<void(Format2Options&)>& change) {
    Format2Options options = options_of();
    change(options);
    return !Format2Writer::create(dir / "log", options);
  };
  CHECK(refused([](Format2Options& o) { o.devices.clear(); }));
  CHECK(refused([](Format2Options& o) { o.devices.resize(32); }));
  CHECK(refused([](Format2Options& o) { o.devices[0].name.assign(49, 'x'); }));
  CHECK(refused([](Format2Options& o) { o.block_bytes = 1000; }));
  CHECK(refused([](Format2Options& o) { o.log_bytes = PC_FIRST_SEGMENT_OFFSET; }));
}

TEST_CASE("format 2 writer: a full log fails every later call and keeps all before it",
          "[log][format2_writer]") {
  ScratchDir dir;
  const std::uint64_t limit = PC_FIRST_SEGMENT_OFFSET + 16384;
  auto writer = create(dir, options_of(limit));
  std::uint64_t accepted = 0;
  while (write(*writer, 0)) {
    ++accepted;
  }
  CHECK(accepted > 20);
  CHECK(writer->stopped());
  CHECK(contains(writer->stop_cause(), "is full"));
  CHECK_FALSE(writer->complete(0, 0));
  CHECK_FALSE(writer->mark("m"));
  value_or_throw(writer->close());
  OpenedLog opened = open_log(dir / "log");
  CHECK(opened.log->entry_count() == accepted);
  CHECK(contains(opened.sentences(),
                 fmt::format("the log was full after seq {}", accepted - 1)));
  CHECK(opened.log->end() != LogEnd::kClean);
  CHECK(std::filesystem::file_size(dir / "log") <= limit);
}

TEST_CASE("format 2 writer: at every size a full log keeps what was accepted",
          "[log][format2_writer]") {
  ScratchDir dir;
  for (std::uint64_t extra = 2048; extra < 8192; extra += 512) {
    const std::uint64_t limit = PC_FIRST_SEGMENT_OFFSET + extra;
    auto writer = create(dir, options_of(limit));
    std::uint64_t accepted = 0;
    for (bool more = true; more;) {
      const auto seq = write(*writer, 0);
      accepted += seq ? 1 : 0;
      more = seq && writer->complete(*seq, 0) &&
             (++accepted, accepted % 4 != 0 || writer->mark("m"));
      accepted += more && accepted % 4 == 0 ? 1 : 0;
    }
    value_or_throw(writer->close());
    CHECK(open_log(dir / "log").log->entry_count() == accepted);
    CHECK(std::filesystem::file_size(dir / "log") <= limit);
  }
}

TEST_CASE(
    "format 2 writer: told to stop when full, it goes on silently and the log says "
    "so",
    "[log][format2_writer]") {
  ScratchDir dir;
  auto writer = create(dir, options_of(PC_FIRST_SEGMENT_OFFSET + 16384, OnFull::kStop));
  for (int i = 0; i < 1000; ++i) {
    const auto seq = write(*writer, 0);
    REQUIRE(seq);
    REQUIRE(writer->complete(*seq, 0));
  }
  CHECK(writer->mark("m"));
  CHECK(writer->stopped());
  value_or_throw(writer->close());
  OpenedLog opened = open_log(dir / "log");
  CHECK(opened.log->entry_count() > 20);
  CHECK(contains(opened.sentences(), "the log was full"));
}

TEST_CASE("format 2 writer: a failing medium is an error, or a stop",
          "[log][format2_writer]") {
  CHECK_FALSE(Format2Writer::create("/dev/full", options_of()));
  CHECK_FALSE(Format2Writer::create("/nonexistent/log", options_of()));
}

TEST_CASE("format 2 writer: large data makes several segments, times ascend",
          "[log][format2_writer]") {
  ScratchDir dir;
  Format2Options options = options_of();
  options.devices[0].size_bytes = 64ULL << 20;
  auto writer = create(dir, options);
  const std::string data(300'032, 'd');
  for (std::uint64_t i = 0; i < 20; ++i) {
    value_or_throw(
        writer->submit({.offset_bytes = i << 20, .length_bytes = data.size(), .pid = 42},
                       std::as_bytes(std::span(data))));
  }
  value_or_throw(writer->close());
  OpenedLog opened = open_log(dir / "log");
  CHECK(dynamic_cast<const Format2Log&>(*opened.log).index().entries().size() ==
        6);  // five of four writes each, and the end
  std::uint64_t before_ns = 0;
  opened.log->visit([&](const Event& event) {
    CHECK(event.time_ns >= before_ns);
    CHECK(event.pid == 42);
    before_ns = event.time_ns;
    return Visit::kContinue;
  });
  CHECK(before_ns > 0);
}

TEST_CASE("format 2 writer: threads' events get one gap-free sequence",
          "[log][format2_writer]") {
  ScratchDir dir;
  auto writer = create(dir, options_of());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&writer] {
        for (int i = 0; i < 500; ++i) {
          const auto seq = write(*writer, 0);
          if (seq) {
            static_cast<void>(writer->complete(*seq, 0));
          }
        }
      });
    }
  }
  value_or_throw(writer->close());
  OpenedLog opened = open_log(dir / "log");
  CHECK(opened.log->entry_count() == 4000);
  CHECK(opened.log->end() == LogEnd::kClean);
}

}  // namespace powercut
