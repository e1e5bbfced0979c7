// SPDX-License-Identifier: GPL-2.0-only

#include "base/signals.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>

namespace powercut {
namespace {

constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};

std::atomic<bool> interrupt_pending{false};
std::atomic<int> event_fd{-1};

static_assert(std::atomic<bool>::is_always_lock_free);
static_assert(std::atomic<int>::is_always_lock_free);

// Runs as a signal handler: atomics, write(2), signal(2) and raise(2) only.
void on_signal(int number) {
  const int saved_errno = errno;
  if (interrupt_pending.exchange(true)) {
    ::signal(number, SIG_DFL);
    ::raise(number);
  } else {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_fd.load(), &one, sizeof one);
  }
  errno = saved_errno;
}

}  // namespace

Status install_signal_handlers() {
  if (event_fd.load() >= 0) {
    return {};
  }
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) {
    return fail(system_error("cannot create an eventfd", errno));
  }
  event_fd.store(fd);
  // A reader that is gone is an error of the write: nothing is left behind then.
  ::signal(SIGPIPE, SIG_IGN);
  for (const int number : kSignals) {
    struct sigaction action = {};
    if (number == SIGHUP && ::sigaction(number, nullptr, &action) == 0 &&
        action.sa_handler == SIG_IGN) {
      continue;  // nohup
    }
    action.sa_handler = &on_signal;
    sigemptyset(&action.sa_mask);
    if (::sigaction(number, &action, nullptr) != 0) {
      return fail(system_error("cannot install a signal handler", errno));
    }
  }
  return {};
}

bool interrupted() {
  return interrupt_pending.load(std::memory_order_relaxed);
}

int interrupt_fd() {
  return event_fd.load(std::memory_order_relaxed);
}

void clear_interrupt() {
  std::uint64_t count = 0;
  if (const int fd = interrupt_fd(); fd >= 0) {
    [[maybe_unused]] const ssize_t got = ::read(fd, &count, sizeof count);
  }
  interrupt_pending.store(false);
}

}  // namespace powercut
