// SPDX-License-Identifier: GPL-2.0-only

#include "device/connection_guard.h"

#include <linux/close_range.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <future>

namespace powercut {

namespace {

constexpr int kParentDied = SIGUSR1;

// The child's life. Only async-signal-safe calls: other threads of the parent may have
// held any lock when it was forked.
[[noreturn]] void watch(pid_t parent, const char* mountpoint, const char* above) {
  ::setsid();  // Ctrl-C is for the parent
  ::syscall(SYS_close_range, 0U, ~0U, 0U);
  sigset_t waited;
  sigfillset(&waited);
  ::sigprocmask(SIG_SETMASK, &waited, nullptr);
  sigemptyset(&waited);
  sigaddset(&waited, kParentDied);
  ::prctl(PR_SET_PDEATHSIG, kParentDied);
  if (::getppid() == parent) {
    while (::sigwaitinfo(&waited, nullptr) != kParentDied) {
    }
  }
  // Aborts the connection even where the mount is busy and stays.
  ::umount2(mountpoint, MNT_FORCE | UMOUNT_NOFOLLOW);
  if (*above != '\0') {
    ::umount2(above, MNT_DETACH | UMOUNT_NOFOLLOW);
    ::umount2(mountpoint, MNT_DETACH | UMOUNT_NOFOLLOW);
  }
  ::_exit(0);
}

}  // namespace

Result<std::unique_ptr<ConnectionGuard>> ConnectionGuard::start(
    const std::filesystem::path& mountpoint) {
  return start(mountpoint, {});
}

Result<std::unique_ptr<ConnectionGuard>> ConnectionGuard::start(
    const std::filesystem::path& mountpoint, const std::filesystem::path& above) {
  if (::geteuid() != 0) {
    return std::unique_ptr<ConnectionGuard>();
  }
  std::unique_ptr<ConnectionGuard> guard(new ConnectionGuard());
  std::promise<pid_t> made;
  std::future<pid_t> child = made.get_future();
  guard->thread_ =
      std::thread([&made, path = mountpoint.native(), above_path = above.native()] {
        pid_t parent = ::getpid();
        pid_t pid = ::fork();
        if (pid == 0) {
          watch(parent, path.c_str(), above_path.c_str());
        }
        made.set_value(pid < 0 ? -errno : pid);
        if (pid > 0) {
          while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
          }
        }
      });
  guard->child_ = child.get();
  if (guard->child_ < 0) {
    int error = -guard->child_;
    guard->thread_.join();
    return fail(system_error("cannot start the guard of a disk server", error));
  }
  return guard;
}

ConnectionGuard::~ConnectionGuard() {
  if (thread_.joinable()) {
    ::kill(child_, SIGKILL);
    thread_.join();
  }
}

}  // namespace powercut
