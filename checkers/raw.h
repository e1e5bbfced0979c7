// SPDX-License-Identifier: GPL-2.0-only
//
// Verifies: nothing by itself. It reads the whole disk, each unit of data as a probe of
// its
//   own, and tells an oracle what it holds: as the file "disk" of a tree with that one
//   name.
// When: a workload of a scenario on the raw disk (`fs none`).
// Does NOT verify: anything without an oracle; so it is refused without one.
// Known false alarms: none; what is held against the disk is the oracle's.
//
// The tier is proved. The base reads nothing: which probes there are follows from the
// size.

#pragma once

#include "checkers/checker.h"

#include <memory>
#include <string>

namespace powercut {

// An Error (kUsage) unless the options ask for data and for what is seen of it.
Result<std::unique_ptr<Checker>> make_raw_checker(const std::string& argument,
                                                  const CheckerOptions& options);

}  // namespace powercut
