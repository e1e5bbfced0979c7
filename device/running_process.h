// SPDX-License-Identifier: GPL-2.0-only
//
// Whether a process still runs, whoever takes its number later.

#pragma once

#include "base/fd.h"

#include <sys/types.h>

#include <optional>
#include <utility>

namespace powercut {

class RunningProcess {
 public:
  // The process of a thread. Nothing: there is none of that number, or 0 was given.
  static std::optional<RunningProcess> of_thread(pid_t thread);
  // The number of a thread's process; 0: there is none.
  static pid_t process_of(pid_t thread);

  pid_t pid() const { return pid_; }

  bool runs() const;

 private:
  RunningProcess(pid_t pid, Fd fd) : pid_(pid), fd_(std::move(fd)) {}

  pid_t pid_;
  Fd fd_;  // a pidfd: readable when it has ended
};

}  // namespace powercut
