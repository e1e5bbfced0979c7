// SPDX-License-Identifier: GPL-2.0-only
//
// What an exchange of two names may leave, and what nodes were made as.

#include "tests/unit/workload/trial.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace powercut::test {
namespace {

FileNode& node_of(Observation& base, const std::string& path) {
  return *std::find_if(base.tree.begin(), base.tree.end(),
                       [&](const FileNode& node) { return node.path == path; });
}

TEST_CASE("an exchange of names is done or not, and loses no file",
          "[workload][ledger]") {
  for (const bool ordered : {false, true}) {
    Promises promises;
    promises.file_names = true;
    promises.ordered_metadata = ordered;
    const Trial trial(
        "mkdir A\nmkdir B\ncreat A/x\nappend A/x 100\ncreat B/x\nappend B/x 200\nsync\n"
        "rename A/x B/x exchange\n",
        promises);
    CHECK(trial.judge(1, trial.after(7)).empty());
    CHECK(trial.judge(1, trial.after(8)).empty());
    for (const auto& [stays, goes] :
         {std::pair("/A/x", "/B/x"), std::pair("/B/x", "/A/x")}) {
      // Both names are one file, and the other file has none.
      Observation half = trial.after(7);
      FileNode twin = node_of(half, stays);
      twin.path = goes;
      node_of(half, stays).links = 2;
      twin.links = 2;
      node_of(half, goes) = twin;
      const std::vector<std::string> texts = trial.judge(1, half);
      INFO(stays << " " << ordered);
      CHECK(mentions(texts, "are one file: `rename A/x B/x exchange`"));
      CHECK(mentions(texts, "none of its names: it is lost"));
    }
  }
}

TEST_CASE("a node is what it was made as", "[workload][ledger]") {
  const Trial trial("mknod n char 1 3\nmknod p fifo\nsync\n", Promises{});
  const Observation sound = trial.after_all();
  CHECK(trial.judge(1, sound).empty());
  Observation base = sound;
  node_of(base, "/n").device = 0;
  CHECK(mentions(trial.judge(1, base), "/n is device 0:0, and was made as 1:3"));
  base = sound;
  node_of(base, "/n").mode = S_IFIFO | 0644;
  CHECK_FALSE(trial.judge(1, base).empty());
  base = sound;
  node_of(base, "/p").mode = S_IFCHR | 0644;
  CHECK_FALSE(trial.judge(1, base).empty());
}

}  // namespace
}  // namespace powercut::test
