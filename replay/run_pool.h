// SPDX-License-Identifier: GPL-2.0-only
//
// Worker threads that run states through a StateRunner. Tickets come back in the order
// they were given out, whichever worker was faster: what the explorer learns, and when,
// does not depend on timing.

#pragma once

#include "replay/state_runner.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace powercut {

// Used by one thread. The runner must outlive it.
class RunPool {
 public:
  RunPool(StateRunner& runner, std::size_t jobs);
  // Waits for runs that have begun; those that have not are dropped.
  ~RunPool();
  RunPool(const RunPool&) = delete;
  RunPool& operator=(const RunPool&) = delete;

  void start(std::uint64_t ticket, CrashState state);

  // The result of a ticket that was started; waits for it.
  Result<RunOutcome> wait(std::uint64_t ticket);

 private:
  struct Task {
    std::uint64_t ticket;
    CrashState state;
  };

  void work(std::stop_token stop, std::size_t worker);

  StateRunner& runner_;
  std::mutex mutex_;
  std::condition_variable_any wake_workers_;
  std::condition_variable done_;
  std::deque<Task> tasks_;                               // guarded by mutex_
  std::map<std::uint64_t, Result<RunOutcome>> results_;  // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace powercut
