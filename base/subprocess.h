// SPDX-License-Identifier: GPL-2.0-only
//
// Runs other programs: thousands of checkers of a few milliseconds each, from several
// threads, and now and then one long-lived one.
//
// A child gets its own process group, dies with the thread that started it
// (PR_SET_PDEATHSIG), inherits no descriptor of ours but 0, 1 and 2, and starts with
// default signal handling. What it leaves running in its group is killed when it ends.

#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace powercut {

// What to run. Passive data.
struct SubprocessOptions {
  std::vector<std::string> argv;  // argv[0] is looked up as find_program() says
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::filesystem::path working_directory;                       // empty: ours
  int stdin_fd = -1;            // -1: /dev/null; borrowed until start() returns
  bool inherit_output = false;  // true: the child writes to our stdout and stderr
  std::size_t output_limit_bytes = 256 * 1024;  // half from the start, half from the end
  std::chrono::milliseconds timeout{0};         // 0: none
};

// How it ended. Exactly one of code and signal is set.
struct ExitState {
  std::optional<int> code;
  std::optional<int> signal;
  bool timed_out = false;
  bool interrupted = false;  // we ended it because of Ctrl-C or SIGTERM
  std::string output;        // stdout and stderr as they came, cut in the middle if long

  bool succeeded() const { return code == 0; }
};

// Text that keeps its first and last bytes and says how many fell out between.
class BoundedOutput {
 public:
  explicit BoundedOutput(std::size_t limit_bytes) : half_bytes_(limit_bytes / 2) {}

  void append(std::string_view text);
  std::string take();

 private:
  std::size_t half_bytes_;
  std::size_t dropped_bytes_ = 0;
  std::string head_;
  std::string tail_;
};

// A running child. Move-only; not thread-safe; the destructor kills the group. The
// thread that called start() must outlive the child, which dies with it.
class Subprocess {
 public:
  static Result<Subprocess> start(const SubprocessOptions& options);
  ~Subprocess();
  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&& other) noexcept;
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

  // Collects output until the child ends; ends it at the timeout (counted from start)
  // and on Ctrl-C: SIGTERM to the group, SIGKILL two seconds later. Call it once.
  Result<ExitState> wait();

  // Sends `signal` to the whole group. No effect after wait().
  void kill_group(int signal);

  pid_t pid() const { return pid_; }

  // Readable when the child has ended.
  int pid_fd() const { return pid_fd_.get(); }

 private:
  Subprocess() : output_(0) {}

  void drain();
  int poll_timeout_ms(std::chrono::steady_clock::time_point now) const;
  void reap(ExitState& state);

  pid_t pid_ = -1;
  Fd pid_fd_;
  Fd output_fd_;  // our end of the pipe; none when inherited or at its end
  BoundedOutput output_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::optional<std::chrono::steady_clock::time_point> kill_at_;
};

// start() and wait() in one.
Result<ExitState> run_subprocess(const SubprocessOptions& options);

// The path of a program: as it is if it has a slash, else searched in PATH and in
// /usr/local/sbin, /usr/sbin, /sbin. An Error of kind kMissing names the program.
Result<std::filesystem::path> find_program(std::string_view name);

// "exit code 3", "signal 9 (Killed)", "timed out", "interrupted".
std::string to_string(const ExitState& state);

}  // namespace powercut
