// SPDX-License-Identifier: GPL-2.0-only
//
// A sync that finds nothing to commit promises nothing by it.

#include "tests/unit/workload/trial.h"

#include <catch2/catch.hpp>

namespace powercut::test {
namespace {

Promises only(bool Promises::*member) {
  Promises promises;
  promises.*member = true;
  return promises;
}

TEST_CASE("a file system that has nothing to commit for a sync promises nothing by it",
          "[workload][ledger]") {
  const Trial trial("creat f\nsync\nmkdir A\nfsync f\n",
                    only(&Promises::ordered_metadata));
  CHECK(trial.judge_after(2, 2).empty());
  // Not the new name of a directory above either.
  Promises parents = only(&Promises::parent_names);
  parents.file_names = true;
  const Trial above("mkdir A\ncreat A/f\nwrite A/f 0 4K\nsync\nrename A B\nfsync B/f\n",
                    parents);
  CHECK(above.judge_after(2, 4).empty());
  const Trial changed(
      "mkdir A\ncreat A/f\nwrite A/f 0 4K\nsync\nrename A B\nwrite B/f 0 4K\nfsync B/f\n",
      parents);
  CHECK(mentions(changed.judge_after(2, 4), "parent-names"));
  // To set an attribute to what it is changes nothing.
  const Trial same(
      "creat f\nsetxattr f user.a 1\nsync\nmkdir A\nsetxattr f user.a 1\nfsync f\n",
      only(&Promises::ordered_metadata));
  CHECK(same.judge_after(2, 3).empty());
  const Trial other(
      "creat f\nsetxattr f user.a 1\nsync\nmkdir A\nsetxattr f user.a 2\nfsync f\n",
      only(&Promises::ordered_metadata));
  CHECK_FALSE(other.judge_after(2, 3).empty());
}

}  // namespace
}  // namespace powercut::test
