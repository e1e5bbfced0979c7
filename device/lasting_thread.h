// SPDX-License-Identifier: GPL-2.0-only
//
// A thread that outlives the calls it is given: for what dies with the thread that made
// it (see Subprocess), when those who need it come and go.

#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace powercut {

// Thread-safe; one call at a time is run, in the order of their coming. The thread begins
// when the object is made, and runs where its maker may run.
class LastingThread {
 public:
  LastingThread();
  ~LastingThread();
  LastingThread(const LastingThread&) = delete;
  LastingThread& operator=(const LastingThread&) = delete;

  // Runs `call` in the thread, and returns when it has.
  void run(const std::function<void()>& call);

 private:
  void serve();

  std::mutex callers_mutex_;  // taken before mutex_
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void()>* call_ = nullptr;  // mutex_
  bool ending_ = false;                          // mutex_
  std::thread thread_;
};

}  // namespace powercut
