// SPDX-License-Identifier: GPL-2.0-only
//
// A Mounter in memory: it gives the reports that a test has written, and remembers what
// it was asked for.

#pragma once

#include "base/ensure.h"
#include "checkers/mounter.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace powercut::test {

class FakeMounter : public Mounter {
 public:
  FakeMounter() = default;

  // The reports of the visits in turn; the last one is that of all later visits.
  explicit FakeMounter(std::vector<MountReport> reports) : reports_(std::move(reports)) {}

  Result<MountReport> mount(
      std::size_t disk, const MountRequest& request,
      const std::function<void(std::size_t unit)>& begin_probe) override {
    PC_ENSURE(disk == 0 && !reports_.empty(), "a report for each visit");
    requests.push_back(request);
    if (on_mount) {
      on_mount();
    }
    MountReport report = reports_[std::min(requests.size(), reports_.size()) - 1];
    if (request.data_unit_bytes == 0) {
      report.data.clear();
    }
    if (!request.walk) {
      report.tree.clear();
    }
    for (std::size_t unit = 0; unit < report.data.size(); ++unit) {
      begin_probe(unit);
    }
    return report;
  }

  std::string place() const override { return "nowhere"; }

  std::vector<MountRequest> requests;
  std::function<void()> on_mount;

 private:
  std::vector<MountReport> reports_{MountReport{}};
};

}  // namespace powercut::test
