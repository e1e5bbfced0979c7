// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/agent.h"

#include "device/guest/agent_command.h"
#include "device/guest/agent_setup.h"
#include "device/guest/agent_visit.h"
#include "device/guest/channel.h"
#include "device/guest/initramfs.h"

#include <fmt/format.h>

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace powercut {
namespace {

using Clock = AgentCommand::Clock;
using std::chrono::milliseconds;

constexpr milliseconds kBeat{1000};
constexpr std::chrono::seconds kMarkPatience{25};

// Marks on their way: sent to the host by the threads that listen, answered through the
// loop of the agent.
class MarkRelay {
 public:
  explicit MarkRelay(GuestChannel& channel) : channel_(channel) {}

  Status send(std::string_view text) {
    std::unique_lock<std::mutex> lock(mutex_);
    const std::int64_t id = ++last_id_;
    PC_RETURN_IF_ERROR(channel_.send({"mark", {{"id", id}}, std::string(text)}));
    if (!answered_.wait_for(lock, kMarkPatience, [&] { return answers_.contains(id); })) {
      return fail(ErrorKind::kSystem, "the host did not answer the mark");
    }
    const std::string refusal = answers_.extract(id).mapped();
    return refusal.empty() ? Status{} : fail(ErrorKind::kSystem, refusal);
  }

  // An empty text is "done".
  void answer(std::int64_t id, const std::string& refusal) {
    const std::lock_guard<std::mutex> lock(mutex_);
    answers_[id] = refusal;
    answered_.notify_all();
  }

 private:
  GuestChannel& channel_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::int64_t last_id_ = 0;                     // mutex_
  std::map<std::int64_t, std::string> answers_;  // mutex_
};

class Agent {
 public:
  Agent(GuestChannel& channel, MarkRelay& marks, int signal_fd,
        const VisitService& service)
      : channel_(channel),
        marks_(marks),
        signal_fd_(signal_fd),
        visit_([this](const GuestMessage& message) { send(message); }, service) {}

  // Until the host says so, or is gone.
  void serve();

 private:
  int poll_timeout_ms() const;
  void send(const GuestMessage& message);
  void send_output(int stream, std::string bytes);
  void take_messages();
  void obey(const GuestMessage& message);
  void start(const GuestMessage& message);
  void reap_children();
  void finish(int status);

  GuestChannel& channel_;
  MarkRelay& marks_;
  int signal_fd_;
  bool done_ = false;
  Clock::time_point next_beat_ = Clock::now();
  std::optional<AgentCommand> command_;
  AgentVisit visit_;
};

void Agent::send(const GuestMessage& message) {
  done_ = !channel_.send(message) || done_;
}

void Agent::send_output(int stream, std::string bytes) {
  send({"output", {{"stream", stream}}, std::move(bytes)});
}

int Agent::poll_timeout_ms() const {
  Clock::time_point until = next_beat_;
  if (command_ && command_->next_tick()) {
    until = std::min(until, *command_->next_tick());
  }
  if (visit_.next_tick()) {
    until = std::min(until, *visit_.next_tick());
  }
  const milliseconds left = std::chrono::ceil<milliseconds>(until - Clock::now());
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, kBeat.count()));
}

void Agent::serve() {
  while (!done_) {
    std::array<pollfd, 5> fds = {
        pollfd{channel_.fd(), POLLIN, 0}, pollfd{signal_fd_, POLLIN, 0},
        pollfd{command_ ? command_->output_fd(1) : -1, POLLIN, 0},
        pollfd{command_ ? command_->output_fd(2) : -1, POLLIN, 0},
        pollfd{visit_.fd(), POLLIN, 0}};
    ::poll(fds.data(), fds.size(), poll_timeout_ms());
    const Clock::time_point now = Clock::now();
    if (now >= next_beat_) {
      send({"beat", {}, {}});
      next_beat_ = now + kBeat;
    }
    for (int stream = 1; stream <= 2; ++stream) {
      if (command_ && fds[static_cast<std::size_t>(stream) + 1].revents != 0) {
        command_->drain(stream, [this](int to, std::string bytes) {
          send_output(to, std::move(bytes));
        });
      }
    }
    if (fds[1].revents != 0) {
      reap_children();
    }
    if (fds[4].revents != 0) {
      visit_.pass_on();
    }
    visit_.tick(now);
    if (command_ && !command_->tick(now)) {
      send({"exit", {{"timed_out", 1}, {"stuck", 1}, {"signal", SIGKILL}}, {}});
      command_.reset();
    }
    if (fds[0].revents != 0) {
      take_messages();
    }
  }
}

void Agent::take_messages() {
  const Result<bool> open = channel_.receive();
  if (!open || !*open) {
    done_ = true;
    return;
  }
  while (!done_) {
    const Result<std::optional<GuestMessage>> message = channel_.next();
    if (!message) {
      log_to_console(message.error().message);
      done_ = true;
    } else if (*message) {
      obey(**message);
    } else {
      return;
    }
  }
}

void Agent::obey(const GuestMessage& message) {
  if (message.type == "run") {
    start(message);
  } else if (message.type == "marked" && message.numbers.contains("id")) {
    marks_.answer(message.number("id"), message.payload);
  } else if (message.type == "off") {
    done_ = true;
  } else {
    visit_.obey(message);
  }
}

// The payload: directory, arguments, environment.
void Agent::start(const GuestMessage& message) {
  const std::vector<std::string> strings = split_strings(message.payload);
  const std::size_t arguments =
      std::min(strings.size(), 1 + static_cast<std::size_t>(message.number("arguments")));
  AgentCommandOptions options;
  options.directory = strings.empty() ? "" : strings[0];
  for (std::size_t i = 1; i < strings.size(); ++i) {
    (i < arguments ? options.argv : options.environment).push_back(strings[i]);
  }
  options.timeout = milliseconds(message.number("timeout_ms"));
  Result<AgentCommand> command = AgentCommand::start(options);
  if (!command) {  // as a shell would
    send_output(2, "powercut: " + command.error().message + "\n");
    send({"exit", {{"code", 127}}, {}});
    return;
  }
  command_ = std::move(*command);
}

void Agent::reap_children() {
  signalfd_siginfo ignored = {};
  while (::read(signal_fd_, &ignored, sizeof ignored) > 0) {
  }
  while (true) {
    siginfo_t info = {};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
      return;
    }
    if (command_ && info.si_pid == command_->pid()) {
      finish(command_->reap());
    } else {
      ::waitpid(info.si_pid, nullptr, 0);
    }
  }
}

void Agent::finish(int status) {
  for (int stream = 1; stream <= 2; ++stream) {
    command_->drain(
        stream, [this](int to, std::string bytes) { send_output(to, std::move(bytes)); });
  }
  GuestMessage message{"exit", {{"timed_out", command_->timed_out() ? 1 : 0}}, {}};
  if (WIFSIGNALED(status)) {
    message.numbers["signal"] = WTERMSIG(status);
  } else {
    message.numbers["code"] = WEXITSTATUS(status);
  }
  command_.reset();
  send(message);
}

// SIGCHLD as a descriptor; blocked in this thread and those it starts.
int make_signal_fd() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Beats must not stop because a command takes all processors.
void take_priority() {
  sched_param parameters = {};
  parameters.sched_priority = 1;
  ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters);
}

Status set_up_and_serve(const GuestMarkListener& listen_for_marks,
                        const VisitService& service) {
  PC_RETURN_IF_ERROR(mount_guest_file_systems());
  ::setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
  const Fd signals(make_signal_fd());
  const Status modules = load_guest_modules(kGuestModuleList);
  if (!modules) {
    log_to_console(modules.error().message);
  }
  PC_ASSIGN_OR_RETURN(Fd port, open_guest_port());
  GuestChannel channel(std::move(port));
  if (!modules) {
    const Error& error = modules.error();
    return channel.send(
        {"failed", {}, error.message + (error.hint.empty() ? "" : ": " + error.hint)});
  }
  MarkRelay marks(channel);
  PC_ASSIGN_OR_RETURN(const std::shared_ptr<void> listener,
                      listen_for_marks(kGuestControlSocket, [&](std::string_view text) {
                        return marks.send(text);
                      }));
  take_priority();
  PC_RETURN_IF_ERROR(channel.send({"hello", {}, {}}));
  Agent(channel, marks, signals.get(), service).serve();
  power_off_guest();
}

}  // namespace

void run_guest_agent(const GuestMarkListener& listen_for_marks,
                     const VisitService& service) {
  const Status status = set_up_and_serve(listen_for_marks, service);
  if (!status) {
    log_to_console(status.error().message);
  }
  power_off_guest();
}

}  // namespace powercut
