// SPDX-License-Identifier: GPL-2.0-only

#include "device/fuse_session.h"

#include "base/run_id.h"
#include "device/fuse_api.h"
#include "device/mount_table.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace powercut {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// libfuse tells failures to a log and not to its caller; this keeps the last line.
thread_local std::string last_fuse_message;

void keep_fuse_message(fuse_log_level /*level*/, const char* format, va_list arguments) {
  std::array<char, 512> text = {};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  last_fuse_message = text.data();
  while (last_fuse_message.ends_with('\n')) {
    last_fuse_message.pop_back();
  }
}

Status check_fuse() {
  const Fd fd(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (fd.valid()) {
    return {};
  }
  Error error = system_error("cannot open /dev/fuse", errno);
  error.kind = ErrorKind::kMissing;
  error.hint = errno == EACCES ? "run as root" : "load the kernel module: modprobe fuse";
  return fail(std::move(error));
}

// Blocks all signals while threads are made, so that they go to the program's own.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }

  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_ = {};
};

// Ends a wait in the kernel for the next request, and does nothing else.
int wake_signal() {
  return SIGRTMIN + 7;
}

void install_wake_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action = {};
    action.sa_handler = [](int /*number*/) {};
    sigemptyset(&action.sa_mask);
    ::sigaction(wake_signal(), &action, nullptr);  // no SA_RESTART
  });
}

// Whether the request in `buffer` is the last word about an open file.
bool is_release(const fuse_buf& buffer) {
  constexpr std::uint32_t kRelease = 18;  // FUSE_RELEASE of linux/fuse.h
  std::array<std::uint32_t, 2> length_and_opcode = {};
  if (buffer.size < sizeof length_and_opcode || (buffer.flags & FUSE_BUF_IS_FD) != 0) {
    return false;
  }
  std::memcpy(length_and_opcode.data(), buffer.mem, sizeof length_and_opcode);
  return length_and_opcode[1] == kRelease;
}

}  // namespace

FuseSession::FuseSession(std::filesystem::path mountpoint, const Options& options)
    : mountpoint_(std::move(mountpoint)), options_(options) {
  if (options_.threads == 0) {
    options_.threads = std::max(2U, std::thread::hardware_concurrency());
  }
}

FuseSession::~FuseSession() {
  [[maybe_unused]] const Status ignored = stop();
  if (session_ != nullptr) {
    fuse_session_destroy(session_);
  }
}

Status FuseSession::mount(const std::string& run_id, const fuse_lowlevel_ops& operations,
                          void* userdata) {
  ended_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!ended_.valid()) {
    return fail(system_error("cannot make an event", errno));
  }
  source_ = fmt::format("{}{}", kRunPrefix, run_id);
  std::string mount_options = fmt::format("fsname={},subtype=powercut", source_);
  if (options_.allow_other) {
    mount_options += ",allow_other";
  }
  if (options_.read_only) {
    mount_options += ",ro";
  }
  fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&arguments, "powercut");
  fuse_opt_add_arg(&arguments, "-o");
  fuse_opt_add_arg(&arguments, mount_options.c_str());
  fuse_set_log_func(&keep_fuse_message);
  last_fuse_message.clear();
  session_ =
      fuse_session_new(&arguments, &operations, sizeof(fuse_lowlevel_ops), userdata);
  fuse_opt_free_args(&arguments);
  if (session_ == nullptr) {
    return fail(ErrorKind::kSystem,
                fmt::format("cannot make a FUSE session: {}", last_fuse_message));
  }
  if (fuse_session_mount(session_, mountpoint_.c_str()) != 0) {
    return fail(::geteuid() == 0 ? ErrorKind::kSystem : ErrorKind::kMissing,
                fmt::format("cannot mount a FUSE file system on {}: {}",
                            mountpoint_.native(), last_fuse_message),
                ::geteuid() == 0 ? "" : "run as root, or install fuse3");
  }
  mounted_ = true;
  ::fcntl(fuse_session_fd(session_), F_SETFD, FD_CLOEXEC);
  return {};
}

// Before any thread of ours, or anybody else, can wait for the disks.
Status FuseSession::start_guard() {
  const SignalsBlocked blocked;
  PC_ASSIGN_OR_RETURN(guard_, ConnectionGuard::start(mountpoint_));
  return {};
}

void FuseSession::start_threads() {
  {
    install_wake_handler();
    const SignalsBlocked blocked;
    serving_ = options_.threads;
    for (unsigned i = 0; i < options_.threads; ++i) {
      threads_.emplace_back([this] { serve(); });
    }
  }
  struct stat status = {};
  if (::stat(mountpoint_.c_str(), &status) == 0) {
    connection_ = minor(status.st_dev);
  }
}

// Serves until the mount or the connection is gone, or stop() says so.
void FuseSession::serve() {
  sigset_t wake;
  sigemptyset(&wake);
  sigaddset(&wake, wake_signal());
  ::pthread_sigmask(SIG_UNBLOCK, &wake, nullptr);
  // A file system on a loop on our file may wait for us; we must not wait for it in turn
  // when memory or dirty pages run short.
  ::prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
  fuse_buf buffer = {};
  while (fuse_session_exited(session_) == 0) {
    std::unique_lock<std::mutex> lock(receive_mutex_, std::defer_lock);
    if (options_.releases_in_order) {
      lock.lock();
    }
    const int got = fuse_session_receive_buf(session_, &buffer);
    if (got > 0) {
      if (lock.owns_lock() && !is_release(buffer)) {
        lock.unlock();
      }
      fuse_session_process_buf(session_, &buffer);
    } else if (got != -EINTR && got != -EAGAIN) {
      break;
    }
  }
  std::free(buffer.mem);
  [[maybe_unused]] const int told = ::eventfd_write(ended_.get(), 1);
  --serving_;
}

// Of what is mounted at one place the last is seen.
std::string FuseSession::seen_there() const {
  std::string source;
  for (const MountEntry& entry : read_mount_table()) {
    if (entry.target == mountpoint_) {
      source = entry.source;
    }
  }
  return source;
}

// The kernel tells of each change of the mounts. The end of the connection would not do:
// a copy of the mount in another namespace keeps it.
void FuseSession::wait_for(int fd) const {
  const Fd table(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  std::array<pollfd, 3> pollers = {
      {{fd, POLLIN, 0}, {table.get(), POLLPRI, 0}, {ended_.get(), POLLIN, 0}}};
  while (seen_there() == source_) {
    if (::poll(pollers.data(), pollers.size(), -1) > 0 &&
        (pollers[0].revents != 0 || pollers[2].revents != 0)) {
      return;
    }
  }
}

bool FuseSession::unmount_within(milliseconds patience) const {
  const steady_clock::time_point end = steady_clock::now() + patience;
  milliseconds pause{1};
  while (::umount2(mountpoint_.c_str(), UMOUNT_NOFOLLOW) != 0) {
    if (errno == EINVAL) {
      return true;  // nothing is mounted there any more
    }
    if (errno != EBUSY || steady_clock::now() >= end) {
      return false;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, milliseconds{50});
  }
  return true;
}

// Ends every request, waiting and to come, with an error, and every read of /dev/fuse.
void FuseSession::abort_connection() const {
  ::umount2(mountpoint_.c_str(), MNT_FORCE | UMOUNT_NOFOLLOW);  // aborts even if busy
  const std::string file = fmt::format("/sys/fs/fuse/connections/{}/abort", connection_);
  if (const Fd abort_file(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
      connection_ != 0 && abort_file.valid()) {
    [[maybe_unused]] const ssize_t written = ::write(abort_file.get(), "1", 1);
  }
}

// That we have unmounted does not end the connection if another mount namespace was made
// meanwhile: it has a copy of the mount, for as long as a process lives in it.
void FuseSession::join_threads() {
  while (serving_ > 0) {
    for (std::thread& thread : threads_) {
      ::pthread_kill(thread.native_handle(), wake_signal());
    }
    std::this_thread::sleep_for(milliseconds{1});
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

// Closes the descriptor, which ends the connection. libfuse would unmount the path once
// more, whatever is mounted there by now, unless the descriptor has an error, as that of
// a mount that is gone has: the end of a broken pipe has one, too.
void FuseSession::close_connection() {
  std::array<int, 2> ends = {-1, -1};
  if (fuse_session_fd(session_) >= 0 && ::pipe2(ends.data(), O_CLOEXEC) == 0) {
    const Fd read_end(ends[0]);
    const Fd write_end(ends[1]);
    ::dup3(write_end.get(), fuse_session_fd(session_), O_CLOEXEC);
  }
  fuse_session_unmount(session_);
}

Status FuseSession::stop() {
  const std::lock_guard<std::mutex> lock(stop_mutex_);
  if (!mounted_) {
    return {};
  }
  mounted_ = false;
  Status status;
  if (const std::string seen = seen_there(); !seen.empty() && seen != source_) {
    // Somebody unmounted ours, or covered it: what is there is not ours to unmount.
  } else if (::geteuid() != 0) {
    fuse_session_unmount(session_);  // through fusermount3, lazily
  } else if (!unmount_within(options_.unmount_patience)) {
    status = fail(system_error(
        fmt::format("cannot unmount {}, cut it off", mountpoint_.native()), errno));
    abort_connection();
    ::umount2(mountpoint_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  }
  fuse_session_exit(session_);
  join_threads();
  guard_.reset();
  close_connection();
  return status;
}

void FuseSession::notify_resized(std::uint64_t inode) {
  fuse_lowlevel_notify_inval_inode(session_, inode, -1, 0);
}

Result<std::unique_ptr<FuseSession>> FuseSession::start(
    const std::filesystem::path& mountpoint, const std::string& run_id,
    const fuse_lowlevel_ops& operations, void* userdata, const Options& options) {
  PC_RETURN_IF_ERROR(check_fuse());
  // As the mount table has it.
  std::error_code error;
  const std::filesystem::path place = std::filesystem::canonical(mountpoint, error);
  std::unique_ptr<FuseSession> session(
      new FuseSession(error ? mountpoint : place, options));
  PC_RETURN_IF_ERROR(session->mount(run_id, operations, userdata));
  PC_RETURN_IF_ERROR(session->start_guard());
  session->start_threads();
  return session;
}

}  // namespace powercut
