// SPDX-License-Identifier: GPL-2.0-only
//
// Stands between whoever asks for runs and the runner that makes them: a state that was
// run before, for the same subject, is answered from the results file, one that the
// stored tree knows from that, and every new run is in that file before anybody hears of
// it. The explorer asks the same states in the same order for the same seed, so a check
// that was ended goes on where it was.

#pragma once

#include "replay/state_runner.h"
#include "results/result_store.h"
#include "results/stored_tree.h"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_set>

namespace powercut {

// As thread-safe as the runner. Runner, store and tree must outlive it; the tree may be
// null.
class StoredRunner : public StateRunner {
 public:
  // `audit`: what is asked a second time is asked to be run for real.
  StoredRunner(StateRunner& runner, ResultStore& store, SubjectId subject,
               StoredTree* tree = nullptr, bool audit = false)
      : runner_(runner), store_(store), subject_(subject), tree_(tree), audit_(audit) {}

  std::string checker_name() const override { return runner_.checker_name(); }

  // Runs that could not judge are not stored: they are made again.
  Result<RunOutcome> run(std::size_t worker, const CrashState& state) override;

  // States that were answered from the file: the runs themselves were in it.
  std::uint64_t answered() const { return answered_; }

  // States that were never run, and that the stored tree answered.
  std::uint64_t agreed() const { return agreed_; }

 private:
  StateRunner& runner_;
  ResultStore& store_;
  SubjectId subject_;
  bool asked_before(const std::string& id);

  StoredTree* tree_;
  bool audit_;
  std::mutex mutex_;
  std::unordered_set<std::string> asked_;  // of an audit
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> agreed_{0};
};

}  // namespace powercut
