// SPDX-License-Identifier: GPL-2.0-only

#include "device/lasting_thread.h"

namespace powercut {

LastingThread::LastingThread() : thread_([this] { serve(); }) {}

LastingThread::~LastingThread() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void LastingThread::run(const std::function<void()>& call) {
  const std::lock_guard<std::mutex> callers_lock(callers_mutex_);
  std::unique_lock<std::mutex> lock(mutex_);
  call_ = &call;
  changed_.notify_all();
  changed_.wait(lock, [this] { return call_ == nullptr; });
}

void LastingThread::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ending_) {
    if (call_ != nullptr) {
      lock.unlock();
      (*call_)();
      lock.lock();
      call_ = nullptr;
      changed_.notify_all();
    }
    changed_.wait(lock, [this] { return ending_ || call_ != nullptr; });
  }
}

}  // namespace powercut
