// SPDX-License-Identifier: GPL-2.0-only
//
// Makes the hand-written part of the corpus again:  make_corpus FOLDER
// Files named seed-* are from here; the others were found by the fuzzer.

#include "kernel/log-writes/log_format.h"
#include "tests/support/log_builder.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace powercut {

namespace {

// The framing of log_fuzz.cc.
constexpr char kWhole = 0;
constexpr char kWholeConvert = 32;
constexpr char kCompactAsIs = 1;
constexpr char kCompactFixed = 1 | 2 | 4 | 8;
constexpr char kCompactFixedConvert = kCompactFixed | 32;
constexpr std::size_t kCompactSuperBytes = 256;

std::string compact(const Format2Builder& builder, const std::filesystem::path& scratch,
                    char form) {
  builder.save(scratch);
  const std::string bytes = read_file(scratch);
  // The newer slot: the second one after an even number of superblocks.
  const std::size_t slot = bytes[PC_SUPER_SLOT_BYTES] != 0 ? PC_SUPER_SLOT_BYTES : 0;
  return form + bytes.substr(slot, kCompactSuperBytes) +
         bytes.substr(PC_FIRST_SEGMENT_OFFSET);
}

Format2Builder rich() {
  Format2Builder builder;
  const auto a = builder.submit_write(0, 0, "a", true);
  const auto b = builder.submit_write(0, 512, "b");
  builder.complete(b);
  builder.complete_unstable(a, "c");
  builder.flush();
  builder.mark("m");
  builder.discard(4096, 4096);
  builder.complete(builder.submit({.op = Op::kWriteZeroes, .length_bytes = 512}), 5);
  return builder;
}

Format2Builder plain() {
  Format2Builder builder;
  builder.write(0, "a");
  builder.flush();
  builder.mark("m");
  builder.discard(4096, 4096);
  return builder;
}

void make_logs(const std::filesystem::path& folder) {
  const auto save = [&](const char* name, const std::string& bytes) {
    write_file(folder / fmt::format("seed-{}", name), bytes);
  };
  const std::string shapes = Format1Builder()
                                 .write(8, "a")
                                 .fua(9, "b")
                                 .meta(10, "c")
                                 .raw(8, 0, PC_LOG1_FLUSH | PC_LOG1_FUA)
                                 .write(8, "d", PC_LOG1_FLUSH)
                                 .raw(0, 0, 0)
                                 .discard(0, 64)
                                 .mark("m")
                                 .flush()
                                 .mark("dm-log-writes-end")
                                 .bytes();
  save("format1-shapes", kWholeConvert + shapes);
  save("format1-cut", kWhole + shapes.substr(0, 3000));
  save("format1-stale",
       kWhole + Format1Builder().write(1, "a").mark("m").count(0).bytes());
  save("format1-overcounted",
       kWhole + Format1Builder().write(1, "a").count(1ULL << 60).bytes());
  save("format1-sector-4096", kWhole + Format1Builder(4096).write(1, "a").bytes());
  save("format1-2-to-the-60", kWhole + Format1Builder().raw(0, 1ULL << 60, 0).bytes());
  save("format1-2-to-the-55-and-1",
       kWhole + Format1Builder().raw(0, (1ULL << 55) + 1, 0).bytes());
  save("format1-long-mark",
       kWhole + Format1Builder().raw(0, 0, PC_LOG1_MARK, UINT64_MAX).bytes());
  save("format1-unknown-flag", kWhole + Format1Builder().raw(0, 0, 64).bytes());
  const std::filesystem::path scratch = folder / "scratch";
  save("format2-rich", compact(rich(), scratch, kCompactAsIs));
  save("format2-rich-fixed", compact(rich(), scratch, kCompactFixed));
  save("format2-plain-convert", compact(plain(), scratch, kCompactFixedConvert));
  Format2Builder open = rich();
  open.leave_open();
  save("format2-open", compact(open, scratch, kCompactFixed));
  std::string cut = compact(rich(), scratch, kCompactAsIs);
  save("format2-cut", cut.substr(0, cut.size() - 700));
  std::filesystem::remove(scratch);
}

void make_programs(const std::filesystem::path& folder) {
  const auto save = [&](const char* name, const std::string& bytes) {
    write_file(folder / fmt::format("seed-{}", name), bytes);
  };
  std::string calls;
  for (int i = 0; i < 40; ++i) {
    calls += {'\0', '\0', '\1', '\2', '\3', '\4', '\1', '\1', '\0', '\1', '\1'};
    calls += {'\3', '\0', '\0', '\5', '\0', '\6', '\0', '\7', '\7'};
  }
  save("calls", std::string("\0\0", 2) + calls);
  save("three-devices-unclosed", std::string("\x12\3", 2) + calls);
  save("full-error", std::string("\x08\0\0\x20\0", 5) + calls);
  save("full-stop", std::string("\x0c\0\0\x20\0", 5) + calls);
}

}  // namespace

}  // namespace powercut

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: make_corpus FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder / "log");
  std::filesystem::create_directories(folder / "round_trip");
  powercut::make_logs(folder / "log");
  powercut::make_programs(folder / "round_trip");
  return 0;
}
