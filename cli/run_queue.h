// SPDX-License-Identifier: GPL-2.0-only
//
// Runs many scenarios, several at a time, and tells of each in the order of the list.

#pragma once

#include "report/run_report.h"
#include "scenarios/scenario_run.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace powercut {

class RunQueue {
 public:
  // Throws Failure: a number of jobs that cannot be.
  RunQueue(ScenarioRunOptions options, std::uint32_t jobs);

  // `tell` is called from one thread at a time. Ends early when interrupted.
  void run(const std::vector<Scenario>& scenarios, std::uint32_t repeat,
           const std::function<void(const ScenarioResult&)>& tell);

 private:
  ScenarioRunOptions options_;
  std::uint32_t jobs_;
};

}  // namespace powercut
