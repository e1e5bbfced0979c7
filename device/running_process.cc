// SPDX-License-Identifier: GPL-2.0-only

#include "device/running_process.h"

#include <fmt/format.h>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace powercut {

pid_t RunningProcess::process_of(pid_t thread) {
  std::ifstream status(fmt::format("/proc/{}/status", thread));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Tgid:")) {
      return static_cast<pid_t>(std::strtol(line.c_str() + 5, nullptr, 10));
    }
  }
  return 0;
}

std::optional<RunningProcess> RunningProcess::of_thread(pid_t thread) {
  const pid_t pid = thread > 0 ? process_of(thread) : 0;
  if (pid <= 0) {
    return std::nullopt;
  }
  Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
  if (!fd.valid()) {
    return std::nullopt;
  }
  return RunningProcess(pid, std::move(fd));
}

bool RunningProcess::runs() const {
  pollfd poller{fd_.get(), POLLIN, 0};
  return ::poll(&poller, 1, 0) == 0;
}

}  // namespace powercut
