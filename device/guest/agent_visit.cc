// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/agent_visit.h"

#include "device/guest/agent_setup.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace powercut {
namespace {

using std::chrono::milliseconds;

GuestMessage failed_message(const Error& error) {
  return {"visited",
          {{"error", 1}, {"kind", static_cast<std::int64_t>(error.kind)}},
          join_strings({error.message, error.hint})};
}

// SysRq-W: every task that waits without being able to die, with its stack.
void show_blocked_tasks() {
  const Fd trigger(::open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC));
  if (trigger.valid() && ::write(trigger.get(), "w", 1) != 1) {
    log_to_console("cannot ask the kernel what it waits for");
  }
}

}  // namespace

int AgentVisit::fd() const {
  return process_ && process_->running() ? process_->channel().fd() : -1;
}

void AgentVisit::obey(const GuestMessage& message) {
  if (message.type == "visit" || message.type == "script" ||
      message.type == service_.type) {
    begin(message);
  } else if (fd() >= 0 && !process_->channel().send(message)) {
    end({"visited", {{"died", 1}}, {}});
  }
}

void AgentVisit::begin(const GuestMessage& message) {
  if (!process_) {
    std::vector<std::string> strings = split_strings(message.payload);
    strings.resize(2);  // the second is the mount point; a script has none
    Result<std::unique_ptr<VisitProcess>> process = VisitProcess::start(
        message.type == "script" ? std::string("/mnt") : strings[1], service_);
    if (!process) {
      to_host_(failed_message(process.error()));
      return;
    }
    process_ = std::move(*process);
  }
  deadline_ = Clock::now() + milliseconds(message.number("timeout_ms"));
  if (!process_->channel().send(message)) {
    end({"visited", {{"died", 1}}, {}});
  }
}

// The host ends the guest when its visit did not end well, so nothing is tidied up.
void AgentVisit::end(const GuestMessage& message) {
  deadline_.reset();
  if (message.number("died") != 0 || message.number("timed_out") != 0) {
    process_->kill();
  }
  to_host_(message);
}

void AgentVisit::pass_on() {
  const Result<bool> open = process_->channel().receive();
  if (!open || !*open) {
    end({"visited", {{"died", 1}}, {}});
    return;
  }
  while (deadline_) {
    Result<std::optional<GuestMessage>> message = process_->channel().next();
    if (!message) {
      end({"visited", {{"died", 1}}, {}});
    } else if (!*message) {
      return;
    } else if ((*message)->type == "visited" || (*message)->number("last") != 0) {
      end(**message);
    } else {
      to_host_(**message);
    }
  }
}

void AgentVisit::tick(Clock::time_point now) {
  if (deadline_ && now >= *deadline_) {
    show_blocked_tasks();
    log_to_console(kVisitTimedOut);
    end({"visited", {{"timed_out", 1}}, {}});
  }
}

}  // namespace powercut
