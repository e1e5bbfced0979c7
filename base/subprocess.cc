// SPDX-License-Identifier: GPL-2.0-only

#include "base/subprocess.h"

#include "base/ensure.h"
#include "base/signals.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <unordered_set>

namespace powercut {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTermGrace{2000};
constexpr std::size_t kReadBytes = 64 * 1024;
// The signals a program may have set to "ignore", which exec would pass on.
constexpr std::array<int, 6> kResetSignals = {SIGINT, SIGTERM, SIGQUIT,
                                              SIGHUP, SIGPIPE, SIGCHLD};

// All that the child needs, prepared before it exists.
struct ChildPlan {
  const char* program = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  const char* working_directory = nullptr;
  int stdin_fd = -1;
  int output_fd = -1;   // -1: keep ours
  int failure_fd = -1;  // takes a ChildFailure
  pid_t parent = -1;
};

// Which step of the child failed. The child writes it into a pipe that exec closes.
struct ChildFailure {
  int error_number = 0;
  const char* step = nullptr;  // the address of a literal, the same in both processes
};

// The child's descriptors and directory; false, with the step in `step`, if one failed.
bool set_up_child(const ChildPlan& plan, const char** step) {
  *step = "cannot set up its descriptors";
  const int in = plan.stdin_fd >= 0 ? plan.stdin_fd : ::open("/dev/null", O_RDONLY);
  if (in < 0 || ::dup2(in, STDIN_FILENO) < 0) {
    return false;
  }
  if (plan.stdin_fd < 0 && in > STDERR_FILENO) {
    ::close(in);
  }
  if (plan.output_fd >= 0 && (::dup2(plan.output_fd, STDOUT_FILENO) < 0 ||
                              ::dup2(plan.output_fd, STDERR_FILENO) < 0)) {
    return false;
  }
  *step = "cannot enter its working directory";
  return plan.working_directory == nullptr || ::chdir(plan.working_directory) == 0;
}

// The child, between vfork and exec: it shares our memory while this thread stands
// still, so only system calls are allowed and nothing outside its frame may change.
[[noreturn]] void run_child(const ChildPlan& plan) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (const int number : kResetSignals) {
    ::sigaction(number, &action, nullptr);
  }
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) {
    ::_exit(127);  // the parent went before the kernel knew of our wish
  }
  ChildFailure failure;
  if (set_up_child(plan, &failure.step)) {
    failure.step = "cannot execute it";
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(plan.program, plan.argv, plan.environment);
  }
  failure.error_number = errno;
  [[maybe_unused]] const ssize_t written =
      ::write(plan.failure_fd, &failure, sizeof failure);
  ::_exit(127);
}

// vfork in a frame of its own: the parent returns from it with the child's frame gone.
// Signals wait meanwhile, for a handler of ours must not run in the child.
[[gnu::noinline]] pid_t spawn(const ChildPlan& plan) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::vfork();
  if (pid == 0) {
    run_child(plan);
  }
  const int vfork_errno = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = vfork_errno;
  return pid;
}

// Our environment with the additions, as execve wants it. The strings live in `texts`.
std::vector<char*> make_environment(const SubprocessOptions& options,
                                    std::vector<std::string>& texts) {
  std::unordered_set<std::string_view> added;
  for (const std::pair<std::string, std::string>& addition : options.environment) {
    added.insert(addition.first);
    texts.push_back(addition.first + "=" + addition.second);
  }
  std::vector<char*> pointers;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) {
      pointers.push_back(*entry);
    }
  }
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipe {
  Fd read_end;
  Fd write_end;
};

// Both ends close-on-exec and above 2, so that the child's dup2 never hits them.
Result<Pipe> make_pipe() {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(system_error("cannot create a pipe", errno));
  }
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  if (pipe.write_end.get() <= STDERR_FILENO) {
    const int moved = ::fcntl(pipe.write_end.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0) {
      return fail(system_error("cannot duplicate a pipe", errno));
    }
    pipe.write_end = Fd(moved);
  }
  return pipe;
}

bool is_executable_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return ::access(path.c_str(), X_OK) == 0 &&
         std::filesystem::is_regular_file(path, ignored);
}

}  // namespace

void BoundedOutput::append(std::string_view text) {
  const std::size_t to_head = std::min(text.size(), half_bytes_ - head_.size());
  head_.append(text.substr(0, to_head));
  tail_.append(text.substr(to_head));
  if (tail_.size() > 2 * half_bytes_ + kReadBytes) {  // cut seldom: each cut moves bytes
    const std::size_t excess = tail_.size() - half_bytes_;
    dropped_bytes_ += excess;
    tail_.erase(0, excess);
  }
}

std::string BoundedOutput::take() {
  if (tail_.size() > half_bytes_) {
    const std::size_t excess = tail_.size() - half_bytes_;
    dropped_bytes_ += excess;
    tail_.erase(0, excess);
  }
  std::string text = std::move(head_);
  if (dropped_bytes_ > 0) {
    text += fmt::format("\n[powercut: {} bytes of output cut]\n", dropped_bytes_);
  }
  text += tail_;
  tail_.clear();
  dropped_bytes_ = 0;
  return text;
}

Result<std::filesystem::path> find_program(std::string_view name) {
  if (name.empty()) {
    return fail(ErrorKind::kUsage, "cannot run a program without a name");
  }
  if (name.find('/') != std::string_view::npos) {
    if (is_executable_file(name)) {
      return std::filesystem::path(name);
    }
    return fail(ErrorKind::kMissing, fmt::format("cannot run {}: no such program", name));
  }
  const char* path = std::getenv("PATH");
  std::string list = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  list += ":/usr/local/sbin:/usr/sbin:/sbin";
  std::string_view rest = list;
  while (!rest.empty()) {
    const std::size_t length = std::min(rest.find(':'), rest.size());
    const std::string_view folder = rest.substr(0, length);
    rest.remove_prefix(std::min(length + 1, rest.size()));
    if (folder.empty()) {
      continue;
    }
    std::filesystem::path candidate = std::filesystem::path(folder) / name;
    if (is_executable_file(candidate)) {
      return candidate;
    }
  }
  return fail(ErrorKind::kMissing, fmt::format("cannot run {}: not found in PATH", name),
              fmt::format("install the package that has {}", name));
}

Result<Subprocess> Subprocess::start(const SubprocessOptions& options) {
  PC_ENSURE(!options.argv.empty(), "a program needs an argv[0]");
  PC_ASSIGN_OR_RETURN(std::filesystem::path program, find_program(options.argv[0]));
  if (!options.working_directory.empty()) {
    program = std::filesystem::absolute(program);  // it was found from here
  }
  std::vector<char*> argv;
  for (const std::string& argument : options.argv) {
    argv.push_back(const_cast<char*>(argument.c_str()));  // execve does not write there
  }
  argv.push_back(nullptr);
  std::vector<std::string> texts;
  std::vector<char*> environment;
  if (!options.environment.empty()) {
    environment = make_environment(options, texts);
  }
  Pipe pipe;
  if (!options.inherit_output) {
    PC_ASSIGN_OR_RETURN(pipe, make_pipe());
    ::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK);
  }
  ChildPlan plan;
  plan.program = program.c_str();
  plan.argv = argv.data();
  plan.environment = options.environment.empty() ? environ : environment.data();
  plan.working_directory =
      options.working_directory.empty() ? nullptr : options.working_directory.c_str();
  plan.stdin_fd = options.stdin_fd;
  plan.output_fd = pipe.write_end.get();
  plan.parent = ::getpid();

  Subprocess child;
  if (options.timeout.count() > 0) {
    child.deadline_ = Clock::now() + options.timeout;
  }
  PC_ASSIGN_OR_RETURN(Pipe failure_pipe, make_pipe());
  plan.failure_fd = failure_pipe.write_end.get();
  const pid_t pid = spawn(plan);
  if (pid < 0) {
    return fail(system_error("cannot create a process", errno));
  }
  failure_pipe.write_end.reset();
  ChildFailure failure;
  if (::read(failure_pipe.read_end.get(), &failure, sizeof failure) > 0) {
    ::waitpid(pid, nullptr, 0);
    return fail(
        system_error(fmt::format("cannot run {}: {}", program.native(), failure.step),
                     failure.error_number));
  }
  child.pid_ = pid;
  child.output_ = BoundedOutput(options.output_limit_bytes);
  child.output_fd_ = std::move(pipe.read_end);
  child.pid_fd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!child.pid_fd_.valid()) {
    return fail(system_error("cannot open a pidfd", errno));  // kills the child
  }
  return child;
}

Subprocess::Subprocess(Subprocess&& other) noexcept : output_(0) {
  *this = std::move(other);
}

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pid_fd_, other.pid_fd_);
  std::swap(output_fd_, other.output_fd_);
  std::swap(output_, other.output_);
  std::swap(deadline_, other.deadline_);
  std::swap(kill_at_, other.kill_at_);
  return *this;
}

Subprocess::~Subprocess() {
  if (pid_ > 0) {
    kill_group(SIGKILL);
    ExitState ignored;
    reap(ignored);
  }
}

void Subprocess::kill_group(int signal) {
  if (pid_ > 0) {
    ::kill(-pid_, signal);
  }
}

// Takes what the pipe holds now; closes it at its end.
void Subprocess::drain() {
  std::array<char, kReadBytes> buffer;
  while (output_fd_.valid()) {
    const ssize_t got = ::read(output_fd_.get(), buffer.data(), buffer.size());
    if (got > 0) {
      output_.append({buffer.data(), static_cast<std::size_t>(got)});
      if (static_cast<std::size_t>(got) < buffer.size()) {
        return;  // empty for now; poll says when there is more
      }
    } else if (got == 0 || errno != EINTR) {
      if (got == 0 || errno != EAGAIN) {
        output_fd_.reset();
      }
      return;
    }
  }
}

int Subprocess::poll_timeout_ms(Clock::time_point now) const {
  const std::optional<Clock::time_point>& until = kill_at_ ? kill_at_ : deadline_;
  if (!until) {
    return -1;
  }
  const milliseconds left = std::chrono::ceil<milliseconds>(*until - now);
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 3600 * 1000));
}

// The child has ended or was killed. It stays a zombie, and so keeps its group id ours,
// until waitpid; what else lives in the group goes first.
void Subprocess::reap(ExitState& state) {
  siginfo_t info = {};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  kill_group(SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) {
    state.signal = WTERMSIG(status);
  } else {
    state.code = WEXITSTATUS(status);
  }
}

Result<ExitState> Subprocess::wait() {
  PC_ENSURE(pid_ > 0, "a child is waited for once");
  ExitState state;
  bool ended = false;
  while (!ended) {
    const bool watch_interrupt = !kill_at_ && interrupt_fd() >= 0;
    std::array<pollfd, 3> fds = {
        pollfd{pid_fd_.get(), POLLIN, 0}, pollfd{output_fd_.get(), POLLIN, 0},
        pollfd{watch_interrupt ? interrupt_fd() : -1, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), poll_timeout_ms(Clock::now())) < 0 &&
        errno != EINTR) {
      return fail(system_error("cannot poll a child", errno));
    }
    ended = fds[0].revents != 0;
    if (fds[1].revents != 0 || ended) {
      drain();
    }
    const Clock::time_point now = Clock::now();
    if (ended) {
      break;
    }
    if (kill_at_ && now >= *kill_at_) {
      kill_group(SIGKILL);
      kill_at_ = now + kTermGrace;
    } else if (!kill_at_ && (interrupted() || (deadline_ && now >= *deadline_))) {
      state.interrupted = interrupted();
      state.timed_out = !state.interrupted;
      kill_group(SIGTERM);
      kill_at_ = now + kTermGrace;
    }
  }
  reap(state);
  state.output = output_.take();
  return state;
}

Result<ExitState> run_subprocess(const SubprocessOptions& options) {
  PC_ASSIGN_OR_RETURN(Subprocess child, Subprocess::start(options));
  return child.wait();
}

std::string to_string(const ExitState& state) {
  if (state.timed_out) {
    return "timed out";
  }
  if (state.interrupted) {
    return "interrupted";
  }
  if (state.signal) {
    return fmt::format("signal {} ({})", *state.signal, ::strsignal(*state.signal));
  }
  return fmt::format("exit code {}", state.code.value_or(-1));
}

}  // namespace powercut
