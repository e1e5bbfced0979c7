// SPDX-License-Identifier: GPL-2.0-only
//
// What is promised of writes that were submitted, and of the raw disk.

#include "tests/support/memory_sink.h"
#include "tests/unit/workload/trial.h"
#include "workload/fill.h"
#include "workload/ledger.h"
#include "workload/raw_disk.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

using Texts = std::vector<std::string>;

std::string refusal(const std::string& text,
                    std::shared_ptr<const BlockSource> disk = nullptr) {
  const Workload workload = value_or_throw(parse_workload(text, {"test", 1}));
  const Result<FileModel> model = FileModel::build(workload, std::move(disk));
  REQUIRE_FALSE(model);
  CHECK(model.error().kind == ErrorKind::kUsage);
  return model.error().message;
}

// What each of the units of 4096 bytes holds: the data of an operation, or 'old'.
Observation unit_of(const Trial& trial, Step step, std::uint64_t offset_bytes) {
  return trial.data_after(step, "/f", offset_bytes, 4096);
}

const std::string kTwo =
    "open @h f create direct\n"  // 0
    "write @h 0 8K\n"            // 1
    "sync\n"                     // 2: stage 1
    "submit @h 0 4K as a\n"      // 3
    "submit @h 4K 4K as b\n"     // 4
    "wait a\n"                   // 5
    "fsync @h\n"                 // 6: stage 2, covers a only
    "wait b\n"                   // 7
    "fsync @h\n";                // 8: stage 3, covers both

TEST_CASE("a flush promises what was waited for, not what is in flight",
          "[workload][ledger][submit]") {
  const Trial trial(kTwo);
  REQUIRE(trial.last_stage() == 3);
  const Observation base = trial.after_all();
  const Observation old_a = unit_of(trial, 2, 0);
  const Observation new_a = unit_of(trial, 9, 0);
  const Observation old_b = unit_of(trial, 2, 4096);
  const Observation new_b = unit_of(trial, 9, 4096);
  REQUIRE(old_b.bytes != new_b.bytes);
  // Begun, and nothing is promised: old or new, each by itself.
  CHECK(trial.judge(1, base, {old_a, old_b}).empty());
  CHECK(trial.judge(1, base, {new_a, old_b}).empty());
  CHECK(trial.judge(1, base, {old_a, new_b}).empty());
  // b was in flight across the flush.
  CHECK(trial.judge(2, base, {new_a, old_b}).empty());
  CHECK(trial.judge(2, base, {new_a, new_b}).empty());
  CHECK(mentions(trial.judge(2, base, {old_a, new_b}),
                 "/f has the data of `write @h 0 8K` (line 2) at 0, and what is newer "
                 "was, acknowledged by `fsync @h` (line 7) [posix]"));
  CHECK(trial.judge(3, base, {new_a, new_b}).empty());
  CHECK(mentions(trial.judge(3, base, {new_a, old_b}),
                 "acknowledged by `fsync @h` (line 9) [posix]"));
  // What was durable before does not get lost by a write in flight.
  Observation zeros = old_b;
  zeros.bytes.assign(4096, '\0');
  CHECK(mentions(trial.judge(2, base, {zeros}), "/f has zeros at 4096"));
}

TEST_CASE("nothing of a write is there before it was submitted",
          "[workload][ledger][submit]") {
  const Trial trial(
      "open @h f create direct\nwrite @h 0 4K\nfsync @h\nsync\n"
      "submit @h 0 4K as a\nwait a\n");
  const Observation base = trial.after_all();
  CHECK(mentions(trial.judge(1, base, {unit_of(trial, 5, 0)}),
                 "the data of `submit @h 0 4K as a` (line 5) at 0"));
  CHECK(trial.judge(2, base, {unit_of(trial, 5, 0)}).empty());
  CHECK(trial.judge(2, base, {unit_of(trial, 2, 0)}).empty());
}

TEST_CASE("sync is no more than a flush to what is in flight",
          "[workload][ledger][submit]") {
  const Trial trial(
      "open @h f create direct\nwrite @h 0 4K\nsync\nsubmit @h 0 4K as a\nsync\n"
      "wait a\nsync\n");
  const Observation base = trial.after_all();
  CHECK(trial.judge(2, base, {unit_of(trial, 2, 0)}).empty());
  CHECK(mentions(trial.judge(3, base, {unit_of(trial, 2, 0)}),
                 "acknowledged by `sync` (line 7) [posix]"));
}

TEST_CASE("the wait for a synchronous write promises it", "[workload][ledger][submit]") {
  const Trial trial(
      "open @h f create direct dsync\nwrite @h 0 4K\nsubmit @h 0 4K as a\nwait a\n");
  REQUIRE(trial.last_stage() == 2);
  const Observation base = trial.after_all();
  CHECK(trial.judge(1, base, {unit_of(trial, 2, 0)}).empty());
  CHECK(mentions(trial.judge(2, base, {unit_of(trial, 2, 0)}),
                 "acknowledged by `wait a` (line 4) [posix]"));
}

TEST_CASE("a program is taken at its word, of that write and no other",
          "[workload][ledger][submit]") {
  const Trial trial(
      "open @h f create direct\nwrite @h 0 8K\nsync\n"  // stage 1
      "submit @h 0 4K as a\nsubmit @h 4K 4K as b\n"
      "fsync @h\n"       // stage 2
      "acknowledge a\n"  // stage 3
      "wait a\nwait b\nwrite @h 0 4K\n"
      "acknowledge b\n");  // stage 4
  REQUIRE(trial.last_stage() == 4);
  const Observation base = trial.after_all();
  const Observation old_a = unit_of(trial, 3, 0);
  const Observation new_a = unit_of(trial, 5, 0);
  const Observation newer_a = unit_of(trial, 11, 0);
  const Observation old_b = unit_of(trial, 3, 4096);
  CHECK(trial.judge(2, base, {old_a, old_b}).empty());
  const Texts claimed = trial.judge(3, base, {old_a, old_b});
  REQUIRE(claimed.size() == 1);
  CHECK(mentions(claimed, "acknowledged by `acknowledge a` (line 7) [claimed]"));
  CHECK(trial.judge(3, base, {new_a, old_b}).empty());
  // What was written over it since may be there, and need not.
  CHECK(trial.judge(4, base, {newer_a}).empty());
  CHECK(trial.judge(4, base, {new_a}).empty());
  CHECK(mentions(trial.judge(4, base, {old_b}), "`acknowledge b` (line 11) [claimed]"));
}

TEST_CASE("nothing may change what a write in flight may still write",
          "[workload][ledger][submit]") {
  const std::string open =
      "open @h f create direct\nwrite @h 0 16K\nsubmit @h 4K 4K as a\n";
  for (const char* text : {"write f 7K 2K", "truncate f 0", "falloc f punch 8K 4K",
                           "mmap-write f 0 16K", "submit @h 4K 512 as b\nwait b"}) {
    INFO(text);
    CHECK_THAT(refusal(open + text + "\nwait a\n"),
               Catch::Contains("'submit @h 4K 4K as a' is still in flight there"));
  }
  for (const char* text : {"write f 0 4K", "write f 8K 4K", "append f 4K"}) {
    INFO(text);
    CHECK(FileModel::build(
        value_or_throw(parse_workload(open + text + "\nwait a\n", {"test", 1}))));
  }
  CHECK_THAT(refusal("creat g\n" + open + "rename f g\nwait a\n"),
             Catch::Contains("is still in flight there"));
  CHECK_THAT(refusal("open @h f create direct\nsubmit @h 0 4K as a\nwait a\n"),
             Catch::Contains("the file ends at 0"));
}

TEST_CASE("threads wait for their own writes", "[workload][ledger][submit]") {
  const Trial trial(
      "creat f\nwrite f 0 8K\nsync\n"
      "threads {\n"
      "  thread x {\n    open @x f direct\n    submit @x 0 4K as a\n    fsync @x\n"
      "    wait a\n    fsync @x\n  }\n"
      "  thread y {\n    open @y f direct\n    submit @y 4K 4K as a\n    wait a\n  }\n"
      "}\n");
  const Observation base = trial.after_all();
  REQUIRE(trial.last_stage() == 3);
  CHECK(trial.judge(2, base, {unit_of(trial, 3, 0), unit_of(trial, 3, 4096)}).empty());
  CHECK(mentions(trial.judge(3, base, {unit_of(trial, 3, 0)}), "[posix]"));
  CHECK(trial.judge(3, base, {unit_of(trial, 3, 4096)}).empty());
}

constexpr std::uint64_t kDisk = 1 << 20;

std::shared_ptr<const BlockSource> fresh_disk() {
  std::vector<std::byte> poison(kDisk);
  fill_poison(0, poison);
  return std::make_shared<MemorySource>(std::move(poison));
}

// A disk as the checker raw tells it.
struct RawTrial {
  explicit RawTrial(const std::string& text)
      : workload(value_or_throw(parse_workload(text, {"test", 1}))) {
    History history(1, kDisk / 512);
    history.mark("begin");
    for (std::size_t i = 0; i < workload.operations.size(); ++i) {
      if (is_acknowledgement(workload.operations[i])) {
        history.mark(fmt::format("ack {}", i));
      }
    }
    history.mark("operations-done");
    log = history.log();
    timeline = value_or_throw(Timeline::build(*log, {}));
    ledger = value_or_throw(Ledger::make(workload, {}, *timeline, fresh_disk()));
    model = value_or_throw(FileModel::build(workload, fresh_disk()));
    base.files = true;
    FileNode disk;
    disk.path = "/disk";
    disk.mode = S_IFREG;
    disk.links = 1;
    disk.size_bytes = kDisk;
    disk.extents = {{0, kDisk, false}};
    base.tree.push_back(disk);
  }

  Observation unit(Step step, std::uint64_t offset_bytes) const {
    Observation seen;
    seen.path = "/disk";
    seen.offset_bytes = offset_bytes;
    seen.bytes.resize(4096);
    model.inodes()[1]
        .content.last([step](Step at) { return at <= step; })
        ->value.read(offset_bytes, std::as_writable_bytes(std::span(seen.bytes)));
    return seen;
  }

  Texts judge(std::size_t stage, const Observation& data) const {
    Texts texts;
    const auto kept = std::make_shared<const Observation>(base);
    for (const Observation* probe : {static_cast<const Observation*>(nullptr), &data}) {
      for (const Finding& finding : ledger->judge(stage, kept, probe)) {
        texts.push_back(finding.summary);
      }
    }
    return texts;
  }

  Workload workload;
  std::shared_ptr<const Log> log;
  std::shared_ptr<const Timeline> timeline;
  std::unique_ptr<Ledger> ledger;
  FileModel model;
  Observation base;
};

TEST_CASE("on the raw disk a lost write is named with its range", "[workload][raw]") {
  const RawTrial trial(
      "open @d disk direct\nwrite @d 4K 8K\nfsync @d\nwrite @d 8K 4K\nfdatasync disk\n");
  REQUIRE(trial.ledger->boundaries().size() == 2);
  for (const std::uint64_t at : {0U, 4096U, 8192U, 12288U}) {
    INFO(at);
    CHECK(trial.judge(0, trial.unit(0, at)).empty());
    CHECK(trial.judge(2, trial.unit(5, at)).empty());
  }
  CHECK(trial.judge(0, trial.unit(2, 4096)).empty());
  CHECK(trial.judge(1, trial.unit(4, 8192)).empty());
  CHECK(trial.judge(1, trial.unit(0, 8192)) ==
        Texts{"/disk has what was there before any write at 8192, and not the data of "
              "`write @d 4K 8K` (line 2), acknowledged by `fsync @d` (line 3) [posix]"});
  CHECK(trial.judge(2, trial.unit(2, 8192)) ==
        Texts{"/disk has the data of `write @d 4K 8K` (line 2) at 8192, and not the data "
              "of `write @d 8K 4K` (line 4), acknowledged by `fdatasync disk` (line 5) "
              "[posix]"});
}

TEST_CASE("what nobody wrote on the raw disk stays as it was", "[workload][raw]") {
  const RawTrial trial("write disk 4K 4K\nfsync disk\n");
  Observation unit = trial.unit(0, 65536);
  CHECK(trial.judge(1, unit).empty());
  SECTION("zeros") {
    unit.bytes.replace(512, 512, 512, '\0');
    CHECK(mentions(trial.judge(1, unit), "/disk has zeros at 66048"));
  }
  SECTION("what was there elsewhere") {
    fill_poison(0, std::as_writable_bytes(std::span(unit.bytes)));
    CHECK(mentions(trial.judge(1, unit), "a stale block (offset 0 of the disk"));
  }
  SECTION("the data of a write, elsewhere") {
    fill_stamped(0, 4096, std::as_writable_bytes(std::span(unit.bytes)));
    CHECK(mentions(trial.judge(1, unit), "the data of `write disk 4K 4K` (line 1) at"));
  }
}

TEST_CASE("a raw disk ends where it ends", "[workload][raw]") {
  CHECK_THAT(refusal("write disk 1M 512\n", fresh_disk()),
             Catch::Contains("ends at 1048576"));
  CHECK_THAT(refusal("write disk 0 512\nfsync foo\n", fresh_disk()),
             Catch::Contains("there is no foo"));
}

}  // namespace
}  // namespace powercut::test
