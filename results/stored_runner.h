// SPDX-License-Identifier: GPL-2.0-only
//
// Stands between whoever asks for runs and the runner that makes them: a state that was
// run before, for the same subject, is answered from the results file, and every new run
// is in that file before anybody hears of it. The explorer asks the same states in the
// same order for the same seed, so a check that was ended goes on where it was.

#pragma once

#include "replay/state_runner.h"
#include "results/result_store.h"

#include <atomic>
#include <cstdint>
#include <string>

namespace powercut {

// As thread-safe as the runner. Runner and store must outlive it.
class StoredRunner : public StateRunner {
 public:
  StoredRunner(StateRunner& runner, ResultStore& store, SubjectId subject)
      : runner_(runner), store_(store), subject_(subject) {}

  std::string checker_name() const override { return runner_.checker_name(); }

  // Runs that could not judge are not stored: they are made again.
  Result<RunOutcome> run(std::size_t worker, const CrashState& state) override;

  // Runs that were answered from the file.
  std::uint64_t answered() const { return answered_; }

 private:
  StateRunner& runner_;
  ResultStore& store_;
  SubjectId subject_;
  std::atomic<std::uint64_t> answered_{0};
};

}  // namespace powercut
