// SPDX-License-Identifier: GPL-2.0-only
//
// Logs without submission order: what their windows permit under the narrow rule (no
// false alarm) and under the wide one.

#include "kernel/log-writes/log_format.h"
#include "replay/timeline.h"
#include "replay/where.h"
#include "tests/support/brute_force.h"
#include "tests/support/log_builder.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <algorithm>

namespace powercut::test {
namespace {

using States = std::set<std::string>;

// A format-1 log of a disk of four sectors, entry by entry.
class Upstream {
 public:
  Upstream& write(std::uint64_t sector, char letter, std::uint64_t flags = 0) {
    log_.write(sector, sector_bytes(sector, 1, letter), flags);
    return *this;
  }

  Upstream& fua(std::uint64_t sector, char letter) {
    return write(sector, letter, PC_LOG1_FUA);
  }

  Upstream& flush() {
    log_.flush();
    return *this;
  }

  Upstream& mark(std::string_view text) {
    log_.mark(text);
    return *this;
  }

  Upstream& discard(std::uint64_t sector) {
    log_.discard(sector, 1);
    return *this;
  }

  std::shared_ptr<const Recording> recording(Format1Rule rule) const {
    log_.save(dir_ / "log");
    RecordingOptions options;
    options.timeline.format1 = rule;
    options.size_bytes = 4 * 512;
    return value_or_throw(Recording::open(dir_ / "log", options));
  }

  // The states at the cut that `where` names.
  States states(Format1Rule rule, const std::string& where) const {
    const auto recording = this->recording(rule);
    const Cut last = value_or_throw(find_cut(recording->timeline(), where));
    return states_at(recording, {}, last);
  }

 private:
  ScratchDir dir_;
  Format1Builder log_;
};

constexpr Format1Rule kNarrow = Format1Rule::kNarrow;
constexpr Format1Rule kWide = Format1Rule::kWide;

TEST_CASE("format 1: plain writes are pending in any subset until their flush",
          "[replay][format1]") {
  Upstream log;
  log.write(0, 'a').write(1, 'b').flush();
  CHECK(log.states(kNarrow, "entry:1") == States{"....", "a...", ".b..", "ab.."});
  CHECK(log.states(kNarrow, "entry:2") == States{"ab.."});
}

TEST_CASE("format 1: plain writes that overlap land in the order of the log",
          "[replay][format1]") {
  Upstream log;
  log.write(0, 'a').write(0, 'b');
  for (const Format1Rule rule : {kNarrow, kWide}) {
    CHECK(log.states(rule, "entry:1") == States{"....", "a...", "b..."});
    CHECK(log.recording(rule)->timeline().ordered_before(0, 1));
    CHECK_FALSE(log.recording(rule)->timeline().ordered_before(1, 0));
  }
}

TEST_CASE("format 1: a FUA write is durable at its entry", "[replay][format1]") {
  Upstream log;
  log.fua(0, 'a').write(1, 'b').flush();
  for (const Format1Rule rule : {kNarrow, kWide}) {
    CHECK(log.states(rule, "entry:1") == States{"a...", "ab.."});
  }
}

TEST_CASE("format 1, narrow: FUA writes are pending alone, each at its turn",
          "[replay][format1]") {
  Upstream log;
  log.fua(0, 'a').fua(1, 'b').write(2, 'c').flush();
  const auto recording = log.recording(kNarrow);
  States seen;
  for (Cut cut = 0; cut <= 4; ++cut) {
    seen.merge(states_at(recording, {}, cut));
  }
  CHECK(seen == States{"....", "a...", "ab.."});
}

TEST_CASE("format 1, wide: plain writes may be there before the window's FUA writes",
          "[replay][format1]") {
  Upstream log;
  log.fua(0, 'a').write(1, 'b').flush();
  const auto recording = log.recording(kWide);
  States seen;
  for (Cut cut = 0; cut <= recording->timeline().end(); ++cut) {
    seen.merge(states_at(recording, {}, cut));
  }
  CHECK(seen == States{"....", "a...", ".b..", "ab.."});
}

TEST_CASE("format 1, wide: a FUA write and a plain one over it land in either order",
          "[replay][format1]") {
  Upstream log;
  log.fua(0, 'a').write(0, 'b').flush();
  CHECK(log.states(kWide, "entry:2") == States{"a...", "b..."});
  CHECK(log.states(kNarrow, "entry:2") == States{"b..."});
}

TEST_CASE("format 1, wide: a flush still ends the doubt", "[replay][format1]") {
  Upstream log;
  log.write(0, 'a').flush().fua(1, 'b').write(0, 'c').flush();
  CHECK(log.states(kWide, "flush:1") == States{"a..."});
  CHECK(log.states(kWide, "end") == States{"cb.."});
}

TEST_CASE("format 1: every state of the narrow rule is one of the wide rule",
          "[replay][format1]") {
  Upstream log;
  log.write(0, 'a').fua(1, 'b').write(1, 'c').flush().fua(0, 'd').write(2, 'e');
  States narrow;
  States wide;
  for (const Format1Rule rule : {kNarrow, kWide}) {
    const auto recording = log.recording(rule);
    for (Cut cut = 0; cut <= recording->timeline().end(); ++cut) {
      (rule == kWide ? wide : narrow).merge(states_at(recording, {}, cut));
    }
  }
  CHECK(std::includes(wide.begin(), wide.end(), narrow.begin(), narrow.end()));
  CHECK(wide.size() > narrow.size());
}

TEST_CASE("format 1: a FLUSH entry with data is a flush, then the write",
          "[replay][format1]") {
  Upstream log;
  log.write(0, 'a').write(1, 'b', PC_LOG1_FLUSH | PC_LOG1_FUA);
  for (const Format1Rule rule : {kNarrow, kWide}) {
    CHECK(log.states(rule, "entry:1") == States{"ab.."});
    CHECK(log.states(rule, "flush:1") == States{"a..."});
  }
}

TEST_CASE("format 1: a pre-flush entry without data is a flush", "[replay][format1]") {
  ScratchDir dir;
  Format1Builder raw;
  raw.write(0, sector_bytes(0, 1, 'a'));
  raw.raw(0, 0, PC_LOG1_FLUSH | PC_LOG1_FUA | PC_LOG1_METADATA);
  raw.save(dir / "log");
  RecordingOptions options;
  options.size_bytes = 512;
  const auto recording = value_or_throw(Recording::open(dir / "log", options));
  CHECK(recording->timeline().flushes().size() == 1);
  CHECK(states_at(recording, {}, recording->timeline().end()) == States{"a"});
}

TEST_CASE("format 1: a discard is a write of zeros by default", "[replay][format1]") {
  Upstream log;
  log.write(0, 'a').flush().discard(0).flush();
  CHECK(log.states(kNarrow, "end") == States{"...."});
}

TEST_CASE("format 1: entries keep their numbers under both rules", "[replay][format1]") {
  Upstream log;
  log.write(0, 'a').fua(1, 'b').mark("here").write(2, 'c').flush();
  for (const Format1Rule rule : {kNarrow, kWide}) {
    const auto recording = log.recording(rule);
    const Timeline& timeline = recording->timeline();
    for (const std::uint64_t entry : {0U, 1U, 3U}) {
      const WriteIndex write = timeline.write_with_seq(entry);
      REQUIRE(write != kNoWrite);
      CHECK(timeline.seq_of(timeline.write(write)) == entry);
    }
    CHECK(timeline.write_with_seq(2) == kNoWrite);
    Cut latest = 0;
    for (std::uint64_t entry = 0; entry < 5; ++entry) {
      const Cut cut = value_or_throw(timeline.cut_after_seq(entry));
      CHECK(cut >= latest);
      latest = cut;
    }
    CHECK(latest == timeline.end());
    CHECK_FALSE(timeline.cut_after_seq(5));
  }
}

}  // namespace
}  // namespace powercut::test
