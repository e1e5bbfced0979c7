// SPDX-License-Identifier: GPL-2.0-only
//
// One command that the agent runs in the guest for the host. Unlike base/subprocess it is
// waited for by PID 1, which waits for everybody, and its output goes on as it comes.

#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <sys/types.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

struct AgentCommandOptions {
  std::vector<std::string> argv;
  std::string directory;                 // empty: /root
  std::vector<std::string> environment;  // "NAME=value", added to the agent's
  std::chrono::milliseconds timeout{0};  // 0: none
};

// A running command, in a session and process group of its own. Not thread-safe.
class AgentCommand {
 public:
  using Clock = std::chrono::steady_clock;
  // Takes output: stream 1 is stdout, 2 stderr.
  using Sink = std::function<void(int stream, std::string bytes)>;

  static Result<AgentCommand> start(const AgentCommandOptions& options);

  pid_t pid() const { return pid_; }

  // Of streams 1 and 2, without blocking; -1 at its end.
  int output_fd(int stream) const { return output_[stream == 1 ? 0 : 1].get(); }

  // Hands on what is there to read.
  void drain(int stream, const Sink& sink);

  // When tick() wants to be called again, if at all.
  std::optional<Clock::time_point> next_tick() const { return deadline_; }

  // Past the deadline: SIGTERM, then SIGKILL. False if it did not even die of that.
  bool tick(Clock::time_point now);

  bool timed_out() const { return signals_sent_ > 0; }

  // Call it when the command has ended and is a zombie still: ends what it left running
  // in its group, reaps it and returns its wait status.
  int reap();

 private:
  AgentCommand() = default;

  pid_t pid_ = -1;
  std::array<Fd, 2> output_;
  std::optional<Clock::time_point> deadline_;
  int signals_sent_ = 0;
};

}  // namespace powercut
