// SPDX-License-Identifier: GPL-2.0-only

#include "log/format2_log.h"

#include "base/crc32c.h"
#include "kernel/log-writes/log_format.h"
#include "log/wire.h"
#include "tests/unit/log/opened_log.h"

#include <catch2/catch.hpp>

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <functional>

namespace powercut {
namespace {

using Lines = std::vector<std::string>;

// Segments: (a, a done, f, f done) (mark) (b, b done) (end).
Format2Builder sample() {
  Format2Builder builder;
  builder.write(0, "a");
  builder.flush();
  builder.mark("m");
  builder.write(512, "b", true);
  return builder;
}

std::string bytes_of(const ScratchDir& dir, const Format2Builder& builder) {
  builder.save(dir / "built");
  return read_file(dir / "built");
}

template <class T>
void change(std::string& log, std::uint64_t position,
            const std::function<void(T&)>& mutate) {
  T value{};
  std::memcpy(&value, log.data() + position, sizeof(T));
  mutate(value);
  std::memcpy(log.data() + position, &value, sizeof(T));
}

void fix_super(std::string& log, std::uint64_t slot = 0) {
  change<pc_log2_super>(log, slot, [](pc_log2_super& super) {
    super.crc = 0;
    super.crc = crc32c(powercut::bytes_of(super));
  });
}

void fix_segment(std::string& log, std::uint64_t position) {
  pc_segment header{};
  std::memcpy(&header, log.data() + position, sizeof(header));
  const std::uint64_t bytes = sizeof(header) + sizeof(pc_event) * header.event_count;
  change<pc_segment>(log, position, [](pc_segment& segment) { segment.crc = 0; });
  const std::uint32_t crc =
      crc32c(std::as_bytes(std::span(log).subspan(position, bytes)));
  change<pc_segment>(log, position, [&](pc_segment& segment) { segment.crc = crc; });
}

constexpr std::uint64_t kFirst = PC_FIRST_SEGMENT_OFFSET;
constexpr std::uint64_t kFirstEvent = kFirst + sizeof(pc_segment);

// The sample with one event of the first segment changed, checksum and all.
OpenedLog open_with_event(const ScratchDir& dir, std::uint64_t number,
                          const std::function<void(pc_event&)>& mutate) {
  std::string log = bytes_of(dir, sample());
  change<pc_event>(log, kFirstEvent + number * sizeof(pc_event), mutate);
  fix_segment(log, kFirst);
  return open_bytes(dir, log);
}

OpenedLog open_with_segment(const ScratchDir& dir,
                            const std::function<void(pc_segment&)>& mutate) {
  std::string log = bytes_of(dir, sample());
  change<pc_segment>(log, kFirst, mutate);
  change<pc_segment>(log, kFirst, [](pc_segment& header) {
    header.crc = 0;  // the header's alone: what follows may not even be there
    header.crc = crc32c(powercut::bytes_of(header));
  });
  return open_bytes(dir, log);
}

OpenedLog open_with_super(const ScratchDir& dir,
                          const std::function<void(pc_log2_super&)>& mutate) {
  std::string log = bytes_of(dir, sample());
  // The newest of the slots alone counts.
  std::memset(log.data() + PC_SUPER_SLOT_BYTES, 0, PC_SUPER_BYTES);
  change<pc_log2_super>(log, 0, mutate);
  fix_super(log);
  return open_bytes(dir, log);
}

}  // namespace

TEST_CASE("format 2: reads back what was written", "[log][format2]") {
  ScratchDir dir;
  OpenedLog opened = open_bytes(dir, bytes_of(dir, sample()));
  REQUIRE(opened.log);
  Lines lines = opened.events();
  for (std::string& line : lines) {
    line = line.substr(0, line.find(" data "));
  }
  CHECK(lines == Lines{"0 submit write 0+512", "1 complete write 0+512 ref 0",
                       "2 submit flush 0+0", "3 complete flush 0+0 ref 2", "4 mark m",
                       "5 submit write fua 512+512", "6 complete write 512+512 ref 5"});
  CHECK(opened.log->end() == LogEnd::kClean);
  CHECK(opened.damage.empty());
  CHECK(opened.log->devices().front().name == "disk0");
}

TEST_CASE("format 2: several devices, failures and unstable writes", "[log][format2]") {
  ScratchDir dir;
  Format2Builder builder(3);
  const auto a = builder.submit_write(0, 0, "a");
  const auto b = builder.submit_write(2, 512, "b");
  builder.complete(b, 5);
  builder.complete_unstable(a, "changed");
  OpenedLog opened = open_bytes(dir, bytes_of(dir, builder));
  CHECK(opened.log->devices().size() == 3);
  const Lines lines = opened.events();
  CHECK(contains(lines[1], "1 submit write 512+512 device 2"));
  CHECK(lines[2] == "2 complete write 512+512 device 2 status 5 ref 1");
  CHECK(contains(lines[3], "3 complete write unstable 0+512 ref 0 data"));
}

TEST_CASE("format 2: visiting from a seq equals the tail of the whole visit",
          "[log][format2]") {
  ScratchDir dir;
  Format2Builder builder;
  for (std::uint64_t i = 0; i < 40; ++i) {
    builder.write(i * 512, std::to_string(i));
    if (i % 3 == 0) {
      builder.flush();
    }
  }
  OpenedLog opened = open_bytes(dir, bytes_of(dir, builder));
  const Lines all = opened.events();
  REQUIRE(all.size() == opened.log->entry_count());
  for (std::uint64_t seq = 0; seq <= all.size(); ++seq) {
    Lines tail;
    opened.log->visit_from(seq, [&](const Event& event) {
      tail.push_back(describe(event, *opened.log));
      return Visit::kContinue;
    });
    REQUIRE(std::equal(tail.begin(), tail.end(),
                       all.begin() + static_cast<std::ptrdiff_t>(seq), all.end()));
  }
}

TEST_CASE("format 2: the segment index finds flushes and marks", "[log][format2]") {
  ScratchDir dir;
  Format2Builder builder;
  for (int i = 0; i < 5; ++i) {
    builder.flush();
    builder.mark("m");
  }
  OpenedLog opened = open_bytes(dir, bytes_of(dir, builder));
  const auto& index = dynamic_cast<const Format2Log&>(*opened.log).index();
  for (std::uint64_t i = 0; i < 5; ++i) {
    CHECK(index.segment_of_flush(i) == (i == 0 ? 0 : 2 * i));
    CHECK(index.entries()[index.segment_of_mark(i)].first_mark == i);
  }
}

TEST_CASE("format 2: a log cut at any byte yields the whole segments before the cut",
          "[log][format2]") {
  ScratchDir dir;
  const std::string whole = bytes_of(dir, sample());
  const OpenedLog reference = open_bytes(dir, whole);
  const Lines all = reference.events();
  const auto& segments =
      dynamic_cast<const Format2Log&>(*reference.log).index().entries();
  for (std::size_t cut = kFirst; cut < whole.size(); ++cut) {
    OpenedLog opened = open_bytes(dir, std::string_view(whole).substr(0, cut));
    REQUIRE(opened.log);
    std::uint64_t expected = 0;
    for (const SegmentEntry& segment : segments) {
      if (segment.data_offset + segment.data_bytes <= cut) {
        expected = segment.first_seq + segment.event_count;
      }
    }
    REQUIRE(opened.log->entry_count() >= expected);
    REQUIRE(is_prefix(opened.events(), all));
    // All but the padding of the last segment may be cut off unnoticed.
    const bool clean = opened.log->end() == LogEnd::kClean;
    REQUIRE((clean ? cut >= segments.back().offset + sizeof(pc_segment)
                   : opened.damage.sentences().size() == 1));
  }
  for (std::size_t cut = 0; cut < kFirst; cut += 37) {
    OpenedLog opened = open_bytes(dir, std::string_view(whole).substr(0, cut));
    REQUIRE(
        (opened.log ? opened.log->entry_count() == 0 : !opened.error.message.empty()));
  }
}

TEST_CASE("format 2: any flipped byte is padding, or cuts the log there",
          "[log][format2]") {
  ScratchDir dir;
  const std::string whole = bytes_of(dir, sample());
  const Lines all = open_bytes(dir, whole).events();
  std::size_t unnoticed = 0;
  const auto flip = [&](std::size_t i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x55);
    for (bool verify : {true, false}) {
      OpenedLog opened = open_bytes(dir, flipped, {.verify_data = verify});
      REQUIRE(opened.log);
      REQUIRE(is_prefix(opened.events(), all));
      const bool clean = opened.log->end() == LogEnd::kClean;
      REQUIRE((clean ? opened.events() == all : opened.damage.sentences().size() == 1));
      unnoticed += clean ? 1 : 0;
    }
  };
  for (std::size_t i = kFirst; i < whole.size(); ++i) {
    flip(i);
  }
  CHECK(unnoticed > 0);
  for (std::size_t slot : {std::size_t{0}, std::size_t{PC_SUPER_SLOT_BYTES}}) {
    for (std::size_t i = 0; i < PC_SUPER_BYTES; i += 3) {
      flip(slot + i);
    }
  }
}

TEST_CASE("format 2: a log that was not closed says where recording was cut off",
          "[log][format2]") {
  ScratchDir dir;
  Format2Builder builder = sample();
  builder.leave_open();
  OpenedLog opened = open_bytes(dir, bytes_of(dir, builder));
  CHECK(opened.log->end() != LogEnd::kClean);
  CHECK(opened.log->entry_count() == 7);
  CHECK(contains(opened.sentences(),
                 "the log was not closed: recording was cut off after seq 6"));
}

TEST_CASE("format 2: damaged data ends the log at its segment", "[log][format2]") {
  ScratchDir dir;
  std::string log = bytes_of(dir, sample());
  log[log.find('b', kFirst)] = 'c';
  OpenedLog opened = open_bytes(dir, log);
  CHECK(opened.log->entry_count() == 5);
  CHECK(contains(opened.sentences(), "segment 2 at byte"));
  CHECK(contains(opened.sentences(), "the checksum of its 512 bytes of data is"));
  CHECK(contains(opened.sentences(),
                 "bytes from there to the end of the file were not "
                 "used"));
}

TEST_CASE("format 2: a segment's data may be summed by XXH64", "[log][format2]") {
  ScratchDir dir;
  Format2Builder builder;
  builder.write(0, "a");
  builder.leave_open();
  std::string log = bytes_of(dir, builder);
  const std::uint64_t data = log.find('a', kFirstEvent);
  const std::uint64_t sum = XXH64(log.data() + data, 512, 0);
  auto sum_by_xxh64 = [&](std::uint64_t value) {
    change<pc_segment>(log, kFirst, [&](pc_segment& header) {
      header.flags = PC_SEGMENT_XXH64;
      header.data_sum = static_cast<std::uint32_t>(value);
      header.data_sum_high = static_cast<std::uint32_t>(value >> 32);
    });
    fix_segment(log, kFirst);
  };
  sum_by_xxh64(sum);
  CHECK(open_bytes(dir, log).log->entry_count() == 2);
  SECTION("damaged data") {
    log[data] = 'b';
  }
  SECTION("another sum in the high half") {
    sum_by_xxh64(sum ^ (1ULL << 40));
  }
  SECTION("the sum of the other kind") {
    sum_by_xxh64(crc32c(std::as_bytes(std::span(log).subspan(data, 512))));
  }
  OpenedLog opened = open_bytes(dir, log);
  CHECK(opened.log->entry_count() == 0);
  CHECK(contains(opened.sentences(), "the checksum of its 512 bytes of data is"));
}

TEST_CASE("format 2: without verifying, only the last segments' data is checked",
          "[log][format2]") {
  ScratchDir dir;
  Format2Builder builder;
  for (int i = 0; i < 20; ++i) {
    builder.write(0, fmt::format("data {}", i));
    builder.cut_segment();
  }
  std::string log = bytes_of(dir, builder);
  log[log.find("data 3", kFirst)] = 'x';
  CHECK(open_bytes(dir, log, {.verify_data = false}).log->end() == LogEnd::kClean);
  CHECK(open_bytes(dir, log).log->entry_count() == 6);
  log[log.find("data 18", kFirst)] = 'x';
  CHECK(open_bytes(dir, log, {.verify_data = false}).log->entry_count() == 36);
}

TEST_CASE("format 2: damaged data is found among many segments by two threads",
          "[log][format2]") {
  ScratchDir dir;
  Format2Builder builder(1, 64ULL << 20);
  const std::string block(1U << 20, 'x');
  for (std::uint64_t i = 0; i < 12; ++i) {
    builder.write(i << 20, block);
  }
  std::string log = bytes_of(dir, builder);
  log[log.size() - (6U << 20)] = 'y';
  log[log.size() - (3U << 20)] = 'y';
  OpenedLog opened = open_bytes(dir, log);
  CHECK(opened.damage.sentences().size() == 1);
  CHECK(contains(opened.sentences(), "segment 6 at byte"));
}

TEST_CASE("format 2: the good superblock slot with the higher generation counts",
          "[log][format2]") {
  ScratchDir dir;
  const std::string whole = bytes_of(dir, sample());
  for (std::size_t slot : {std::size_t{0}, std::size_t{PC_SUPER_SLOT_BYTES}}) {
    std::string torn = whole;
    std::fill_n(torn.begin() + static_cast<std::ptrdiff_t>(slot), 512, '\0');
    OpenedLog opened = open_bytes(dir, torn);
    REQUIRE(opened.log);
    CHECK(opened.log->entry_count() == 7);
    CHECK(opened.log->end() == LogEnd::kClean);
  }
}

TEST_CASE("format 2: with both superblock slots bad the error names both causes",
          "[log][format2]") {
  ScratchDir dir;
  std::string log = bytes_of(dir, sample());
  log[100] = 'x';
  log[PC_SUPER_SLOT_BYTES] = 'x';
  const Error error = open_bytes(dir, log).error;
  CHECK(contains(error.message, "no good superblock: at byte 0: its checksum is"));
  CHECK(contains(error.message, "at byte 65536: bad magic"));
  CHECK_FALSE(error.hint.empty());
}

TEST_CASE("format 2: hostile superblocks are refused", "[log][format2]") {
  ScratchDir dir;
  const auto message = [&](const std::function<void(pc_log2_super&)>& mutate) {
    OpenedLog opened = open_with_super(dir, mutate);
    return opened.log ? std::string("opened") : opened.error.message;
  };
  CHECK(message([](pc_log2_super&) {}) == "opened");
  CHECK(contains(message([](pc_log2_super& s) { s.device_count = UINT32_MAX; }),
                 "4294967295 devices"));
  CHECK(contains(message([](pc_log2_super& s) { s.device_count = 0; }), "0 devices"));
  CHECK(contains(message([](pc_log2_super& s) { s.version = 3; }), "version 3"));
  CHECK(contains(message([](pc_log2_super& s) { s.block_bytes = 7; }), "block size 7"));
  CHECK(contains(message([](pc_log2_super& s) { s.block_bytes = 16U << 20; }),
                 "block size 16777216"));
  CHECK(contains(message([](pc_log2_super& s) { s.devices[0].logical_block_bytes = 3; }),
                 "logical block size 3 of device 0"));
  CHECK(contains(message([](pc_log2_super& s) { s.devices[0].size_bytes = UINT64_MAX; }),
                 "impossible size"));
}

TEST_CASE("format 2: hostile segments end the log", "[log][format2]") {
  ScratchDir dir;
  const auto why = [&](const std::function<void(pc_segment&)>& mutate) {
    OpenedLog opened = open_with_segment(dir, mutate);
    CHECK(opened.log->entry_count() == 0);
    return opened.sentences();
  };
  CHECK(contains(why([](pc_segment& s) { s.event_count = UINT32_MAX; }),
                 "4294967295 events"));
  CHECK(contains(why([](pc_segment& s) { s.event_count = PC_SEGMENT_MAX_EVENTS; }),
                 "the log's space ends"));
  CHECK(contains(why([](pc_segment& s) { s.event_count = 0; }), "0 events"));
  CHECK(contains(why([](pc_segment& s) { s.data_bytes = UINT64_MAX; }), "bytes of data"));
  CHECK(contains(why([](pc_segment& s) { s.data_bytes = 1U << 20; }),
                 "the log's space ends"));
  CHECK(contains(why([](pc_segment& s) { s.flags = 8; }), "unknown flag bits 0x8"));
  CHECK(contains(why([](pc_segment& s) { s.uuid[0] = 'x'; }), "another log"));
}

TEST_CASE("format 2: a segment that contradicts the chain ends the log",
          "[log][format2]") {
  ScratchDir dir;
  const auto why = [&](const std::function<void(pc_segment&)>& mutate) {
    std::string log = bytes_of(dir, sample());
    change<pc_segment>(log, kFirst, mutate);
    fix_segment(log, kFirst);
    return open_bytes(dir, log).sentences();
  };
  CHECK(contains(why([](pc_segment& s) { s.index = 7; }),
                 "its index is 0x7, 0x0 expected"));
  CHECK(contains(why([](pc_segment& s) { s.offset = 0; }), "its offset is 0x0"));
  CHECK(contains(why([](pc_segment& s) { s.prev_offset = kFirst; }), "previous offset"));
  CHECK(contains(why([](pc_segment& s) { s.prev_crc = 1; }), "previous checksum"));
  CHECK(contains(why([](pc_segment& s) { s.first_seq = 1; }), "first seq"));
}

TEST_CASE("format 2: hostile events end the log before their segment", "[log][format2]") {
  ScratchDir dir;
  const auto why = [&](std::uint64_t number,
                       const std::function<void(pc_event&)>& mutate) {
    OpenedLog opened = open_with_event(dir, number, mutate);
    CHECK(opened.log->entry_count() == 0);
    return opened.sentences();
  };
  CHECK(contains(why(0, [](pc_event& e) { e.type = 9; }),
                 "seq 0 at byte 131200: unknown "
                 "type 9"));
  CHECK(
      contains(why(0, [](pc_event& e) { e.op = PC_OP_READ; }), "a submission with op 5"));
  CHECK(contains(why(0, [](pc_event& e) { e.device = 1; }), "device 1 of 1"));
  CHECK(contains(why(0, [](pc_event& e) { e.flags = 1U << 31; }), "unknown flag bits"));
  CHECK(contains(why(0, [](pc_event& e) { e.flags = PC_EVENT_UNSTABLE; }),
                 "only a completion"));
  CHECK(contains(why(0, [](pc_event& e) { e.offset_bytes = UINT64_MAX; }),
                 "beyond device 0"));
  CHECK(contains(why(0, [](pc_event& e) { e.length_bytes = 1ULL << 60; }),
                 "beyond device 0"));
  CHECK(contains(why(0, [](pc_event& e) { e.length_bytes = 1024; }),
                 "not within the segment's 512"));
  CHECK(contains(why(0, [](pc_event& e) { e.length_bytes = 0; }), "of 0 bytes"));
  CHECK(contains(why(0, [](pc_event& e) { e.data_offset = UINT64_MAX; }),
                 "not within the segment's"));
  CHECK(
      contains(why(1, [](pc_event& e) { e.u.done.ref_seq = 1; }), "no open submission"));
  CHECK(
      contains(why(1, [](pc_event& e) { e.u.done.ref_seq = 2; }), "no open submission"));
  CHECK(
      contains(why(1, [](pc_event& e) { e.op = PC_OP_FLUSH; }), "completes seq 0 as op"));
  CHECK(contains(why(1, [](pc_event& e) { e.length_bytes = 1024; }), "another range"));
  CHECK(
      contains(why(3, [](pc_event& e) { e.u.done.ref_seq = 0; }), "no open submission"));
  CHECK(contains(why(2, [](pc_event& e) { e.length_bytes = 512; }), "op 2 of 512 bytes"));
}

TEST_CASE("format 2: a mark's text is bounded and has no zero byte", "[log][format2]") {
  ScratchDir dir;
  Format2Builder builder;
  builder.mark("mark");
  const std::string log = bytes_of(dir, builder);
  const auto why = [&](const std::function<void(pc_event&)>& mutate) {
    std::string changed = log;
    change<pc_event>(changed, kFirstEvent, mutate);
    fix_segment(changed, kFirst);
    return open_bytes(dir, changed).sentences();
  };
  CHECK(contains(why([](pc_event& e) { e.length_bytes = 0; }), "a mark of 0 bytes"));
  CHECK(
      contains(why([](pc_event& e) { e.length_bytes = 4001; }), "a mark of 4001 bytes"));
  CHECK(
      contains(why([](pc_event& e) { e.length_bytes = 5; }), "not within the segment's"));
  CHECK(contains(why([](pc_event& e) { e.op = 1; }), "a mark with op 1"));
  CHECK(contains(why([](pc_event& e) { e.device = 9; }), "a mark at byte 0 of device 9"));
  CHECK(
      contains(why([](pc_event& e) { e.offset_bytes = UINT64_MAX; }), "a mark at byte"));
  std::string damaged = log;
  damaged[damaged.find("mark", kFirst)] = '\0';
  CHECK(contains(open_bytes(dir, damaged).sentences(), "the checksum of its 4 bytes"));
}

TEST_CASE("format 2: a device may not be named before it was attached",
          "[log][format2]") {
  ScratchDir dir;
  CHECK(
      contains(open_with_super(dir, [](pc_log2_super& s) { s.devices[0].attach_seq = 1; })
                   .sentences(),
               "device 0 was attached later, at seq 1"));
}

TEST_CASE("format 2: leftovers of an older log on the device are not read",
          "[log][format2]") {
  ScratchDir dir;
  Format2Builder older = sample();
  older.options().uuid = LogUuid{'o', 'l', 'd'};
  older.mark("older");
  std::string bytes = bytes_of(dir, older);
  Format2Builder newer;
  newer.write(0, "x");
  newer.leave_open();
  const std::string shorter = bytes_of(dir, newer);
  bytes.replace(0, shorter.size(), shorter);
  OpenedLog opened = open_bytes(dir, bytes);
  CHECK(opened.log->entry_count() == 2);
  CHECK(contains(opened.sentences(), "recording was cut off after seq 1"));
}

TEST_CASE("format 2: the digest names the log and its trusted part", "[log][format2]") {
  ScratchDir dir;
  const auto digest = [&](const Format2Builder& builder) {
    return open_bytes(dir, bytes_of(dir, builder)).log->digest();
  };
  Format2Builder other = sample();
  other.options().uuid = LogUuid{'x'};
  CHECK(digest(sample()) == digest(sample()));
  CHECK(digest(sample()) != digest(other));
}

}  // namespace powercut
