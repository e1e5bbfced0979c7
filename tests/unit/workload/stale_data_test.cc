// SPDX-License-Identifier: GPL-2.0-only
//
// Files that show what was never written to them, and the file systems that promise not
// to.

#include "tests/unit/workload/trial.h"
#include "workload/promises.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace powercut::test {
namespace {

bool wrote_nobody(const std::vector<std::string>& texts) {
  return texts.size() == 1 && texts[0].find("no operation wrote") != std::string::npos;
}

TEST_CASE("a block that was never written is a finding, but where that is not promised",
          "[workload][ledger]") {
  const std::string text = "creat f\nwrite f 0 4096\nfsync f\nwrite f 0 2048\nfsync f\n";
  for (const bool promised : {true, false}) {
    Promises promises;
    promises.no_stale_data = promised;
    const Trial trial(text, promises);
    Observation unit = trial.data_after(4, "/f", 0, 4096);
    Observation stale = unit;
    std::fill_n(stale.bytes.begin(), 2048, 'x');
    CHECK(trial.judge(1, trial.after(4), {stale}).empty() == !promised);
    // Acknowledged, or of a write that is not: what is promised everywhere.
    CHECK(wrote_nobody(trial.judge(2, trial.after_all(), {stale})));
    std::fill(unit.bytes.begin() + 2048, unit.bytes.end(), 'x');
    CHECK(wrote_nobody(trial.judge(1, trial.after(4), {unit})));
  }
}

TEST_CASE("what a file system promises about stale data", "[workload][ledger]") {
  const auto promised = [](const char* type, std::vector<std::string> mkfs = {},
                           const char* mount = "") {
    const Result<Promises> promises = profile_of(type, mkfs, mount);
    REQUIRE(promises);
    return promises->no_stale_data;
  };
  for (const char* type : {"ext3", "ext4", "xfs", "btrfs", "none"}) {
    CHECK(promised(type));
  }
  for (const char* type : {"ext2", "f2fs", "vfat"}) {
    CHECK_FALSE(promised(type));
  }
  CHECK_FALSE(promised("ext4", {}, "noatime,data=writeback"));
  CHECK_FALSE(promised("ext4", {"-O", "^has_journal"}));
}

}  // namespace
}  // namespace powercut::test
