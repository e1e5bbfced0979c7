// SPDX-License-Identifier: GPL-2.0-only
//
// Each promise has a state that breaks it, and one beside it that does not.

#include "workload/ledger.h"

#include "tests/unit/workload/trial.h"
#include "workload/fill.h"
#include "workload/generate.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

using Texts = std::vector<std::string>;

Promises all_promises() {
  Promises promises;
  promises.file_names = true;
  promises.ordered_metadata = true;
  promises.replace_via_rename = true;
  promises.reservations = true;
  return promises;
}

Promises only(bool Promises::*member) {
  Promises promises;
  promises.*member = true;
  return promises;
}

FileNode& node_at(Observation& seen, const std::string& path) {
  for (FileNode& node : seen.tree) {
    if (node.path == path) {
      return node;
    }
  }
  FAIL("no " << path);
  return seen.tree[0];
}

void remove_node(Observation& seen, const std::string& path) {
  std::erase_if(seen.tree, [&](const FileNode& node) { return node.path == path; });
}

TEST_CASE("every state between what was acknowledged and what was begun is permitted",
          "[workload][ledger]") {
  const Trial trial(
      "mkdir A\ncreat A/foo\nwrite A/foo 0 8192\nsync\nwrite A/foo 4096 8192\n"
      "rename A/foo A/bar\nlink A/bar baz\nsetxattr baz user.k v\nchmod baz 0600\n"
      "truncate baz 100\nunlink A/bar\nsymlink x y\nsync\n",
      all_promises());
  REQUIRE(trial.last_stage() == 2);
  for (Step step = 0; step <= 13; ++step) {
    INFO("after " << step);
    CHECK(trial.judge_after(0, step).empty() == (step <= 4));
    CHECK(trial.judge_after(1, step).empty() == (step >= 3));
    CHECK(trial.judge_after(2, step).empty() == (step >= 12));
  }
}

TEST_CASE("what was synced with a file is there: data, size, attributes",
          "[workload][ledger]") {
  const Trial trial(
      "creat f\nwrite f 0 4096\nsync\nwrite f 0 8192\nchmod f 0600\n"
      "setxattr f user.a 1\nchown f 5 6\nfsync f\n");
  CHECK(trial.judge_after(2, 8).empty());
  SECTION("old data") {
    const Observation base = trial.after_all();
    const Texts texts = trial.judge(2, base, {trial.data_after(2, "/f", 0, 4096)});
    CHECK(mentions(texts, "the data of `write f 0 4K` (line 2) at 0"));
    CHECK(mentions(texts, "acknowledged by `fsync f` (line 8) [posix]"));
  }
  SECTION("old size") {
    Observation base = trial.after_all();
    node_at(base, "/f").size_bytes = 4096;
    CHECK(mentions(trial.judge(2, base), "/f has 4096 bytes, not 8192"));
    CHECK(trial.judge(1, base).empty());
  }
  SECTION("old attributes") {
    Observation base = trial.after_all();
    node_at(base, "/f").mode = S_IFREG | 0644;
    CHECK(mentions(trial.judge(2, base), "permissions 0644, not 0600"));
    CHECK(trial.judge(1, base).empty());
    base = trial.after_all();
    node_at(base, "/f").attributes.clear();
    CHECK(mentions(trial.judge(2, base), "nothing for its attribute user.a"));
    CHECK(trial.judge(1, base).empty());
    base = trial.after_all();
    node_at(base, "/f").uid = 0;
    CHECK(mentions(trial.judge(2, base), "belongs to 0:6, not 5:6"));
  }
  SECTION("attributes of nobody") {
    Observation base = trial.after_all();
    node_at(base, "/f").attributes.emplace_back("user.b", "x");
    CHECK(mentions(trial.judge(1, base), "user.b that no operation set"));
  }
}

TEST_CASE("data is judged sector by sector, and never may be something else",
          "[workload][ledger]") {
  const Trial trial(
      "creat f\nwrite f 0 4096\nsync\nwrite f 0 4096\ncreat g\n"
      "write g 0 4096\nfsync g\n");
  const Observation base = trial.after(5);
  Observation unit = trial.data_after(4, "/f", 0, 4096);
  const Observation old = trial.data_after(2, "/f", 0, 4096);
  // A part of the write that was not acknowledged reached the disk.
  unit.bytes = old.bytes.substr(0, 1024) + unit.bytes.substr(1024);
  CHECK(trial.judge(1, base, {unit}).empty());
  SECTION("torn below a sector") {
    unit.bytes[1100] = static_cast<char>(unit.bytes[1100] ^ 1);
    CHECK(mentions(trial.judge(1, base, {unit}), "512 bytes that no operation wrote"));
  }
  SECTION("zeros where data was durable") {
    unit.bytes.assign(4096, '\0');
    CHECK(mentions(trial.judge(1, base, {unit}), "/f has zeros at 0"));
  }
  SECTION("a hole where data was durable") {
    Observation holed = base;
    node_at(holed, "/f").extents.clear();
    CHECK(mentions(trial.judge(1, holed), "/f has zeros at 0"));
  }
  SECTION("a block that was never written") {
    fill_poison(1 << 20, std::as_writable_bytes(std::span(unit.bytes)));
    CHECK(mentions(trial.judge(1, base, {unit}), "a stale block (offset 1048576"));
  }
  SECTION("another file's data") {
    unit.bytes = trial.data_after(6, "/g", 0, 4096).bytes;
    CHECK(mentions(trial.judge(1, base, {unit}), "another file's"));
  }
  SECTION("data from another place of the file") {
    fill_stamped(3, 4096, std::as_writable_bytes(std::span(unit.bytes)));
    CHECK(mentions(trial.judge(1, base, {unit}), "at offset 4096"));
  }
}

TEST_CASE("the name of a synced file is a promise of most file systems, not of POSIX",
          "[workload][ledger]") {
  const std::string text = "mkdir A\ncreat A/f\nfsync A/f\n";
  const Trial posix(text);
  const Trial names(text, only(&Promises::file_names));
  Observation base = posix.after_all();
  CHECK(names.judge(1, base).empty());
  remove_node(base, "/A/f");
  CHECK(posix.judge(1, base).empty());
  CHECK(mentions(names.judge(1, base),
                 "/A/f is missing, acknowledged by `fsync A/f` "
                 "(line 3) [file-names]"));
  remove_node(base, "/A");
  CHECK(mentions(names.judge(1, base), "/A is missing"));
  CHECK(names.judge(1, base).size() == 1);  // not once more for what was in it
}

TEST_CASE("sync of a directory keeps what is in it, and that something is not",
          "[workload][ledger]") {
  const Trial trial(
      "mkdir A\ncreat A/f\ncreat A/g\nsync\nunlink A/f\ncreat A/h\n"
      "fsync A\n");
  Observation base = trial.after_all();
  CHECK(trial.judge(2, base).empty());
  remove_node(base, "/A/h");
  CHECK(mentions(trial.judge(2, base), "/A/h is missing"));
  CHECK(trial.judge(1, base).empty());
  base = trial.after(5);
  base.tree.push_back(node_at(base, "/A/g"));
  base.tree.back().path = "/A/h";
  base.tree.back().inode = Trial::number_of(4);
  base.tree.push_back(base.tree.back());
  base.tree.back().path = "/A/f";
  base.tree.back().inode = Trial::number_of(2);
  CHECK(mentions(trial.judge(2, base),
                 "/A/f is back, which `unlink A/f` (line 5) "
                 "removed, acknowledged by `fsync A` (line 7)"));
  CHECK(trial.judge(1, base).empty());
}

TEST_CASE("ordered metadata: what came before the last change of a synced file is there",
          "[workload][ledger]") {
  const std::string text =
      "creat f\nsync\nmkdir A\ncreat g\nchmod g 0600\nappend f 10\n"
      "mkdir B\nfsync f\n";
  const Trial ordered(text, only(&Promises::ordered_metadata));
  const Trial posix(text);
  Observation base = ordered.after_all();
  remove_node(base, "/B");
  CHECK(ordered.judge(2, base).empty());  // it came after the append
  node_at(base, "/g").mode = S_IFREG | 0644;
  CHECK(mentions(ordered.judge(2, base), "permissions 0644, not 0600"));
  remove_node(base, "/A");
  CHECK(mentions(ordered.judge(2, base), "/A is missing"));
  CHECK(posix.judge(2, base).empty());
}

TEST_CASE("a rename leaves one of the names, not none and not both",
          "[workload][ledger]") {
  const Trial trial(
      "mkdir A\nmkdir B\ncreat A/f\nappend A/f 100\nsync\n"
      "rename A/f B/g\n");
  Observation base = trial.after(5);
  CHECK(trial.judge(1, base).empty());
  const FileNode before = node_at(base, "/A/f");
  SECTION("both") {
    base.tree.push_back(before);
    base.tree.back().path = "/B/g";
    node_at(base, "/A/f").links = 2;
    base.tree.back().links = 2;
    CHECK(mentions(trial.judge(1, base), "did half of it [atomic-rename]"));
  }
  SECTION("none") {
    remove_node(base, "/A/f");
    CHECK(mentions(trial.judge(1, base), "none of its names: it is lost"));
  }
  SECTION("the new one") {
    node_at(base, "/A/f").path = "/B/g";
    CHECK(trial.judge(1, base).empty());
  }
}

TEST_CASE("a rename over a file never leaves the name empty", "[workload][ledger]") {
  const Trial trial(
      "creat f\nappend f 100\nsync\ncreat n\nappend n 200\nrename n f\n"
      "creat x\nfsync x\n");
  CHECK(trial.judge_after(1, 5).empty());
  CHECK(trial.judge_after(1, 6).empty());
  Observation base = trial.after(6);
  remove_node(base, "/f");
  CHECK(mentions(trial.judge(1, base), "/f is missing"));
}

TEST_CASE("a file renamed over another has its data, where that is promised",
          "[workload][ledger]") {
  const std::string text =
      "creat f\nwrite f 0 4096\nsync\ncreat n\nwrite n 0 4096\n"
      "rename n f\ncreat x\nfsync x\n";
  for (const bool promised : {true, false}) {
    const Trial trial(text, promised ? only(&Promises::replace_via_rename) : Promises{});
    Observation base = trial.after_all();
    node_at(base, "/f").size_bytes = 0;
    node_at(base, "/f").extents.clear();
    const Texts texts = trial.judge(2, base);
    CHECK(texts.empty() == !promised);
    if (promised) {
      CHECK(mentions(texts,
                     "/f has 0 bytes, not 4096, acknowledged by `rename n f` "
                     "(line 6) [replace-via-rename]"));
    }
    Observation unit = trial.data_after(6, "/f", 0, 4096);
    unit.bytes.assign(4096, '\0');
    CHECK(trial.judge(2, trial.after_all(), {unit}).empty() == !promised);
  }
}

TEST_CASE("what fallocate reserved is there, where that is promised",
          "[workload][ledger]") {
  const std::string text =
      "creat f\nappend f 16K\nfsync f\nfalloc f keep 16K 4K\n"
      "fsync f\n";
  for (const bool promised : {true, false}) {
    const Trial trial(text, promised ? only(&Promises::reservations) : Promises{});
    Observation base = trial.after_all();
    node_at(base, "/f").allocated_bytes = 4096;
    CHECK(trial.judge(2, base).empty());
    node_at(base, "/f").allocated_bytes = 2048;
    CHECK(trial.judge(2, base).empty() == !promised);
    CHECK(trial.judge(1, base).empty());
    // All of it gone, of a file that has nothing else.
    const Trial empty("creat f\nfalloc f keep 0 1M\nfsync f\n",
                      promised ? only(&Promises::reservations) : Promises{});
    base = empty.after_all();
    node_at(base, "/f").allocated_bytes = 1 << 20;
    CHECK(empty.judge(1, base).empty());
    node_at(base, "/f").allocated_bytes = 0;
    CHECK(empty.judge(1, base).empty() == !promised);
  }
}

TEST_CASE("a synchronous write keeps what it wrote, and no more", "[workload][ledger]") {
  const Trial trial(
      "open @h f create dsync\nwrite @h 0 4096\nclose @h\n"
      "write f 4096 4096\nopen @d f dsync\nwrite @d 8192 4096\n");
  REQUIRE(trial.last_stage() == 2);
  const Observation base = trial.after_all();
  Observation middle = trial.data_after(6, "/f", 4096, 4096);
  middle.bytes.assign(4096, '\0');
  CHECK(trial.judge(2, base, {middle}).empty());
  for (const std::uint64_t at : {0, 8192}) {
    Observation unit = trial.data_after(6, "/f", at, 4096);
    unit.bytes.assign(4096, '\0');
    CHECK(mentions(trial.judge(2, base, {unit}), "zeros at"));
  }
}

TEST_CASE("a synchronous write promises its own end of the file, not earlier ones",
          "[workload][ledger]") {
  const Trial trial("creat f\nsync\nwrite f 0 5000\nopen @s f sync\nwrite @s 0 10\n");
  Observation base = trial.after_all();
  node_at(base, "/f").size_bytes = 4096;
  CHECK(trial.judge(2, base).empty());
  node_at(base, "/f").size_bytes = 9;
  CHECK(mentions(trial.judge(2, base), "/f ends at 9, and not behind 10, acknowledged"));
  CHECK(trial.judge(1, base).empty());
}

TEST_CASE("msync keeps its part of the mapping", "[workload][ledger]") {
  const Trial trial(
      "creat f\nappend f 8K\nsync\nmmap-write f 0 4096\n"
      "mmap-write f 4096 4096\nmsync f 0 4096\n");
  const Observation base = trial.after_all();
  CHECK(trial.judge(2, base, {trial.data_after(2, "/f", 4096, 4096)}).empty());
  CHECK(!trial.judge(2, base, {trial.data_after(2, "/f", 0, 4096)}).empty());
  CHECK(trial.judge(1, base, {trial.data_after(2, "/f", 0, 4096)}).empty());
}

TEST_CASE("a file synced after its last name went does not come back",
          "[workload][ledger]") {
  const Trial trial("open @h f create\nsync\nunlink f\nfsync @h\n",
                    only(&Promises::file_names));
  CHECK(trial.judge_after(2, 4).empty());
  CHECK(mentions(trial.judge_after(2, 2), "/f is back"));
  CHECK(trial.judge_after(1, 2).empty());
}

TEST_CASE("names count their links, symbolic links have their targets",
          "[workload][ledger]") {
  const Trial trial("creat f\nlink f g\nsymlink somewhere s\nsync\n");
  Observation base = trial.after_all();
  CHECK(trial.judge(1, base).empty());
  node_at(base, "/f").links = 1;
  node_at(base, "/g").links = 1;
  CHECK(mentions(trial.judge(1, base), "has 2 names and counts 1 links"));
  base = trial.after_all();
  node_at(base, "/s").target = "";
  CHECK(mentions(trial.judge(1, base), "points to ''"));
}

TEST_CASE("what was not begun is not there", "[workload][ledger]") {
  const Trial trial("creat f\nsync\ncreat g\nsync\ncreat h\n");
  CHECK(trial.judge_after(1, 3).empty());
  CHECK(mentions(trial.judge_after(1, 5), "/h is there before `creat h`"));
  Observation base = trial.after_all();
  base.tree.push_back(node_at(base, "/f"));
  base.tree.back().path = "/stranger";
  base.tree.back().inode = 999;
  CHECK(mentions(trial.judge(2, base), "/stranger is there, a name that no operation"));
}

TEST_CASE("an inode that took another's place is told by its number",
          "[workload][ledger]") {
  const Trial trial("creat f\ncreat g\nsync\nunlink f\ncreat f\nsync\n");
  Observation base = trial.after_all();
  CHECK(trial.judge(2, base).empty());
  node_at(base, "/f").inode = Trial::number_of(1);  // the removed one
  CHECK(mentions(trial.judge(2, base), "/f is what it was before"));
  node_at(base, "/f").inode = 4711;
  CHECK(mentions(trial.judge(2, base), "none of the files that had this name"));
}

TEST_CASE("a directory that has the number of one that is gone is told by what is in it",
          "[workload][ledger]") {
  const std::string text =
      "mkdir A\ncreat A/f\nsync\nunlink A/f\nrmdir A\nmkdir A\n"
      "mkdir B\nfsync B\n";
  const Workload workload = value_or_throw(parse_workload(text, {"test", 1}));
  // Recovery shows the old A, with f in it, and the new one got its number, or another.
  const Trial reused(workload, {}, {{3, 1}});
  const Trial fresh(workload);
  Observation base = fresh.after(3);
  CHECK(reused.judge(1, base).empty());
  CHECK(fresh.judge(1, base).empty());
  node_at(base, "/A").inode = Trial::number_of(3);
  CHECK(mentions(fresh.judge(1, base), "/A/f is there"));
}

TEST_CASE("an operation that changes nothing commits nothing", "[workload][ledger]") {
  const std::string text =
      "creat f\nappend f 4K\nsetxattr f user.a 1\nsync\n"
      "removexattr f user.a\n";
  for (const char* idle : {"falloc f punch 8K 4K\n", "truncate f 4K\n"}) {
    const Trial trial(text + idle + "fdatasync f\n", all_promises());
    CHECK(trial.judge_after(2, 4).empty());
  }
  const Trial trial(text + "falloc f punch 0 4K\nfdatasync f\n", all_promises());
  CHECK(!trial.judge_after(2, 4).empty());
}

TEST_CASE("threads: what another thread did is known from its marks only",
          "[workload][ledger]") {
  const Trial trial(
      "creat a\ncreat b\nsync\nthreads {\nthread one {\nappend a 100\n"
      "fsync a\n}\nthread two {\nappend b 100\nfsync b\n}\n}\ncreat c\n"
      "sync\n",
      all_promises());
  REQUIRE(trial.last_stage() == 4);
  // After the first thread's mark the second may have done all of its own or nothing.
  Observation base = trial.after(7);
  CHECK(trial.judge(2, base).empty());
  node_at(base, "/b").size_bytes = 0;
  node_at(base, "/b").extents.clear();
  CHECK(trial.judge(2, base).empty());
  CHECK(mentions(trial.judge(3, base), "/b has 0 bytes, not 100"));
  node_at(base, "/a").size_bytes = 0;
  node_at(base, "/a").extents.clear();
  CHECK(mentions(trial.judge(2, base), "/a has 0 bytes, not 100"));
  CHECK(trial.judge(1, base).empty());
}

TEST_CASE("a file system that does one operation after the other breaks no promise",
          "[workload][ledger][property]") {
  std::size_t judged = 0;
  std::size_t found = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const Workload workload = value_or_throw(random_workload({}, seed, 40));
    const Trial trial(workload, seed % 2 == 0 ? all_promises() : Promises{});
    Step acknowledged = 0;
    std::size_t stage = 0;
    for (Step step = 0; step <= workload.operations.size(); ++step) {
      INFO("seed " << seed << ", after " << step << " of\n" << to_text(workload));
      // Behind the mark of an acknowledgement, and while the next is in flight.
      for (const std::size_t at : {stage, stage + 1}) {
        const bool in_flight = at == stage;
        if (at > trial.last_stage() ||
            (!in_flight &&
             (step == 0 || !is_acknowledgement(workload.operations[step - 1])))) {
          continue;
        }
        const Texts texts = trial.judge_after(at, step);
        CAPTURE(texts);
        CHECK(texts.empty());
        ++judged;
      }
      if (step > 0 && is_acknowledgement(workload.operations[step - 1])) {
        // What was before is not good enough any more, if it was another state.
        found += trial.judge_after(stage + 1, acknowledged).empty() ? 0 : 1;
        acknowledged = step;
        ++stage;
      }
    }
  }
  CHECK(judged > 5000);
  CHECK(found > 500);
}

TEST_CASE("marks that are not of the workload are refused", "[workload][ledger]") {
  const Workload workload =
      value_or_throw(parse_workload("creat f\nfsync f\ncreat g\n", {"test", 1}));
  const auto error_of = [&](const Texts& marks) {
    History history(1, 4);
    for (const std::string& mark : marks) {
      history.mark(mark);
    }
    const std::shared_ptr<const Log> log = history.log();
    const auto timeline = value_or_throw(Timeline::build(*log, {}));
    const Result<std::unique_ptr<Ledger>> ledger = Ledger::make(workload, {}, *timeline);
    return ledger ? std::string("none") : ledger.error().message;
  };
  CHECK(error_of({"begin", "ack 1 0:12", "operations-done 2:13"}) == "none");
  CHECK(error_of({"begin", "made 0:12", "ack 1", "operations-done"}) == "none");
  CHECK(error_of({"begin", "made 0-12"}).find("names no inode") != std::string::npos);
  CHECK(error_of({}).find("no mark 'begin'") != std::string::npos);
  CHECK(error_of({"begin", "ack 7"}).find("no such operation") != std::string::npos);
  CHECK(error_of({"begin", "ack 0"}).find("acknowledges nothing") != std::string::npos);
  CHECK(error_of({"begin", "ack 1", "ack 1"}).find("after a later") != std::string::npos);
  CHECK(error_of({"begin", "ack 1 x:y"}).find("names no inode") != std::string::npos);
}

}  // namespace
}  // namespace powercut::test
