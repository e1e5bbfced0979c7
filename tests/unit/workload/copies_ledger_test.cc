// SPDX-License-Identifier: GPL-2.0-only
//
// What a program claims of a copy, what is overwritten past the file system, and which
// threads may read a file together.

#include "tests/unit/workload/trial.h"
#include "workload/ledger.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

using Texts = std::vector<std::string>;

std::string refusal(const std::string& text) {
  const Workload workload = value_or_throw(parse_workload(text, {"test", 1}));
  const Result<FileModel> model = FileModel::build(workload);
  REQUIRE_FALSE(model);
  CHECK(model.error().kind == ErrorKind::kUsage);
  return model.error().message;
}

bool builds(const std::string& text) {
  return FileModel::build(value_or_throw(parse_workload(text, {"test", 1}))).has_value();
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A clone in two ranges, with a write in between to the file that is named.
std::string cloned_while_writing_to(const std::string& file) {
  return "creat image\nwrite image 0 8K\ncreat side\nwrite side 0 8K\ncreat copy\n"
         "sync\n"                                                 // 5: stage 1
         "mark cloning\nclone-range image 0 4K copy 0\nwrite " +  // 6, 7
         file +
         " 4K 4K\n"                                       // 8
         "clone-range image 4K 4K copy 4K\n"              // 9
         "fsync copy\nclaim image copy cloning\nsync\n";  // 10 to 12: stages 2 to 4
}

TEST_CASE("a copy is what the program takes it for, or a finding",
          "[workload][ledger][copies]") {
  const Trial sound(cloned_while_writing_to("side"));
  REQUIRE(sound.last_stage() == 4);
  // Step 11: after the fsync of the copy. The file system did what it was told.
  for (std::size_t stage = 2; stage <= 4; ++stage) {
    CHECK(sound.judge_after(stage, 11).empty());
  }
  const Trial broken(cloned_while_writing_to("image"));
  CHECK(broken.judge_after(2, 11).empty());  // nothing is claimed yet
  const Observation base = broken.after(11);
  const Texts texts = broken.judge(3, base,
                                   {broken.data_after(11, "/copy", 0, 4096),
                                    broken.data_after(11, "/copy", 4096, 4096)});
  REQUIRE(texts.size() == 1);
  CHECK(mentions(texts[0], "/copy has the data of `write image 4K 4K` (line 9)"));
  CHECK(mentions(texts[0], "[claimed]"));
  // The source is judged by what was written to it, not by what was claimed.
  CHECK(broken.judge(3, base, {broken.data_after(11, "/image", 4096, 4096)}).empty());
}

TEST_CASE("what was claimed must stay, until it is written over",
          "[workload][ledger][copies]") {
  const Trial trial(
      "creat image\nwrite image 0 8K\ncreat copy\nsync\nmark m\n"  // stage 1
      "clone image copy\nfsync copy\nclaim image copy m\n"         // stages 2, 3
      "write copy 0 4K\nfsync copy\n");                            // stage 4
  const Observation base = trial.after_all();
  const Observation claimed = trial.data_after(8, "/copy", 0, 4096);
  const Observation newer = trial.data_after(9, "/copy", 0, 4096);
  Observation zeros = claimed;
  zeros.bytes.assign(4096, '\0');
  CHECK(trial.judge(1, base, {zeros}).empty());
  CHECK(trial.judge(3, base, {claimed}).empty());
  CHECK(trial.judge(3, base, {newer}).empty());
  CHECK(trial.judge(3, base, {zeros}).size() == 1);
  CHECK(trial.judge(4, base, {claimed}).size() == 1);
  CHECK(trial.judge(4, base, {newer}).empty());
}

TEST_CASE("a copy that is claimed is as long as its source",
          "[workload][ledger][copies]") {
  const auto sized = [](Observation base, std::uint64_t bytes) {
    for (FileNode& node : base.tree) {
      if (node.path == "/copy") {
        node.size_bytes = bytes;
        node.extents = {{0, bytes, false}};
      }
    }
    return base;
  };
  // The program forgot the fsync.
  const Trial trial(
      "creat image\nwrite image 0 8K\ncreat copy\nsync\nmark m\n"
      "clone image copy\nclaim image copy m\n");
  CHECK(trial.judge(1, sized(trial.after_all(), 0)).empty());
  CHECK(trial.judge(2, trial.after_all()).empty());
  const Texts lost = trial.judge(2, sized(trial.after_all(), 0));
  REQUIRE_FALSE(lost.empty());
  CHECK(mentions(lost[0], "/copy has 0 bytes, not 8192"));
  CHECK(mentions(lost[0], "[claimed]"));
  // It came half way, and claims all.
  const Trial half(
      "creat image\nwrite image 0 8K\ncreat copy\nsync\nmark m\n"
      "clone-range image 0 4K copy 0\nfsync copy\nclaim image copy m\n");
  CHECK(half.judge(2, sized(half.after_all(), 4096)).empty());
  const Texts short_copy = half.judge(3, sized(half.after_all(), 4096));
  REQUIRE_FALSE(short_copy.empty());
  CHECK(mentions(short_copy[0], "/copy has 4096 bytes, not 8192"));
}

TEST_CASE("a claim is about files that were there, at a mark that was made",
          "[workload][ledger][copies]") {
  CHECK(mentions(refusal("creat a\ncreat b\nclaim a b m\n"), "no mark 'm' before"));
  CHECK(mentions(refusal("mark m\ncreat a\ncreat b\nclaim a b m\n"),
                 "/a was not there at the mark 'm'"));
  CHECK(mentions(refusal("mark m\nmkdir a\ncreat b\nclaim a b m\n"), "regular files"));
  CHECK(mentions(refusal("creat a\nmark m\nclaim a b m\n"), "there is no b"));
  CHECK(builds("mark m\ncreat a\nmark m\ncreat b\nclaim a b m\n"));  // the latest counts
}

TEST_CASE("what is overwritten past the file system is this file's, and no other's",
          "[workload][ledger][copies]") {
  const Trial trial(
      "creat image\nwrite image 0 8K\ncreat copy\nclone image copy\nsync\n"  // stage 1
      "overwrite image 4K 4K\n");
  const Observation base = trial.after_all();
  const Observation old = trial.data_after(5, "/image", 4096, 4096);
  const Observation changed = trial.data_after(6, "/image", 4096, 4096);
  REQUIRE(old.bytes != changed.bytes);
  CHECK(trial.judge(1, base, {old}).empty());
  CHECK(trial.judge(1, base, {changed}).empty());
  Observation copy = changed;
  copy.path = "/copy";
  const Texts texts = trial.judge(1, base, {copy});
  REQUIRE(texts.size() == 1);
  CHECK(mentions(texts[0], "`overwrite image 4K 4K` (line 6), another file's"));
  CHECK(mentions(refusal("creat a\noverwrite a 0 4K\n"), "the file ends at 0"));
}

TEST_CASE("threads read a file together, and change none that another reads",
          "[workload][ledger][copies]") {
  const std::string start = "creat a\nwrite a 0 8K\ncreat b\ncreat c\nthreads {\n";
  const auto threads = [&](const std::string& one, const std::string& two) {
    return start + "thread x {\n" + one + "}\nthread y {\n" + two + "}\n}\n";
  };
  CHECK(builds(threads("read a 0 8K\n", "read a 4K 4K\n")));
  CHECK(builds(threads("read a 0 8K\n", "clone a b\nfsync b\n")));
  CHECK(builds(threads("clone a c\n", "clone a b\n")));
  CHECK(builds(threads("read a 0 8K\n", "fsync a\n")));
  CHECK(builds(threads("write b 0 4K\nread b 0 4K\n", "clone a c\n")));
  CHECK(mentions(refusal(threads("read a 0 8K\n", "write a 0 4K\n")),
                 "another thread that runs at the same time reads /a"));
  CHECK(mentions(refusal(threads("write a 0 4K\n", "read a 4K 4K\n")),
                 "another thread that runs at the same time changes /a"));
  CHECK(mentions(refusal(threads("clone a b\n", "write a 0 4K\n")), "reads /a"));
  CHECK(mentions(refusal(threads("clone a b\n", "read b 0 4K\n")), "changes /b"));
  CHECK(mentions(refusal(threads("read a 0 8K\n", "overwrite a 0 4K\n")), "reads /a"));
  CHECK(mentions(refusal(threads("read a 0 8K\n", "truncate a 0\n")), "reads /a"));
  CHECK(mentions(refusal(threads("read a 0 8K\n", "open @h a trunc\n")), "reads /a"));
  CHECK(mentions(refusal(threads("clone a b\n", "clone c b\n")), "uses /b"));
  // One after the other they may.
  CHECK(builds(start + "thread x {\nread a 0 8K\n}\n}\nwrite a 0 4K\nthreads {\n"
                       "thread x {\nwrite a 0 4K\n}\n}\n"));
}

TEST_CASE("a read is of what the file has", "[workload][ledger][copies]") {
  CHECK(mentions(refusal("creat a\nwrite a 0 4K\nread a 0 4097\n"), "ends at 4096"));
  CHECK(mentions(refusal("mkdir a\nread a 0 1\n"), "no regular file"));
  CHECK(mentions(refusal("open @h a create direct\nwrite @h 0 8K\n"
                         "submit @h 0 4K as x\nread a 0 8K\nwait x\n"),
                 "in flight"));
}

}  // namespace
}  // namespace powercut::test
