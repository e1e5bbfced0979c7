// SPDX-License-Identifier: GPL-2.0-only

#include "replay/run_pool.h"

#include <algorithm>
#include <utility>

namespace powercut {

RunPool::RunPool(StateRunner& runner, std::size_t jobs) : runner_(runner) {
  for (std::size_t i = 0; i < std::max<std::size_t>(jobs, 1); ++i) {
    threads_.emplace_back([this, i](std::stop_token stop) { work(std::move(stop), i); });
  }
}

RunPool::~RunPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    tasks_.clear();
  }
  for (std::jthread& thread : threads_) {
    thread.request_stop();
  }
}

void RunPool::start(std::uint64_t ticket, CrashState state) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    tasks_.push_back(Task{ticket, std::move(state)});
  }
  wake_workers_.notify_one();
}

Result<RunOutcome> RunPool::wait(std::uint64_t ticket) {
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, [&] { return results_.contains(ticket); });
  return std::move(results_.extract(ticket).mapped());
}

void RunPool::work(std::stop_token stop, std::size_t worker) {
  while (true) {
    Task task;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      if (!wake_workers_.wait(lock, stop, [&] { return !tasks_.empty(); })) {
        return;
      }
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    Result<RunOutcome> outcome = runner_.run(worker, task.state);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      results_.emplace(task.ticket, std::move(outcome));
    }
    done_.notify_one();
  }
}

}  // namespace powercut
