// SPDX-License-Identifier: GPL-2.0-only
//
// What an fsync in a thread promises of a file that no other thread changes: the same as
// in the main one.

#include "tests/unit/workload/trial.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace powercut::test {
namespace {

TEST_CASE("a sync in a thread keeps what the thread did to its own file",
          "[workload][ledger]") {
  for (const std::string change : {"falloc f punch 0 4K\n", "falloc f zero 0 4K\n",
                                   "truncate f 0\ntruncate f 8K\n"}) {
    for (const bool threads : {false, true}) {
      const std::string work = change + "fsync f\n";
      const Trial trial("creat f\nwrite f 0 8K\nsync\n" +
                            (threads ? "threads {\nthread a {\n" + work +
                                           "}\nthread b {\ncreat g\n}\n}\n"
                                     : work),
                        Promises{});
      INFO(change << threads);
      const Step last = change.starts_with("truncate") ? 5 : 4;
      const Observation base = trial.after(last);
      CHECK(trial.judge(2, base, {trial.data_after(last, "/f", 0, 4096)}).empty());
      // What was there before the change is back.
      CHECK_FALSE(trial.judge(2, base, {trial.data_after(3, "/f", 0, 4096)}).empty());
    }
  }
}

TEST_CASE("of a file that threads share, each keeps what it wrote",
          "[workload][ledger]") {
  const Trial trial(
      "creat f\nwrite f 0 8K\nsync\nthreads {\nthread a {\nwrite f 0 4K\nfsync f\n}\n"
      "thread b {\nwrite f 4K 4K\n}\n}\n",
      Promises{});
  const Observation base = trial.after(4);
  CHECK(trial.judge(2, base, {trial.data_after(4, "/f", 0, 4096)}).empty());
  CHECK_FALSE(trial.judge(2, base, {trial.data_after(3, "/f", 0, 4096)}).empty());
  // The other one's may be there or not.
  CHECK(trial.judge(2, base, {trial.data_after(3, "/f", 4096, 4096)}).empty());
  CHECK(trial.judge(2, base, {trial.data_after(6, "/f", 4096, 4096)}).empty());
}

}  // namespace
}  // namespace powercut::test
