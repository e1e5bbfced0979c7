// SPDX-License-Identifier: GPL-2.0-only
//
// The agent's part in a visit: a VisitProcess does it, and the agent passes the messages
// on between it and the host, so that it goes on beating whatever the kernel does.

#pragma once

#include "device/visit_process.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace powercut {

// What the console says last of a visit that took too long, behind the stacks of those
// that wait.
inline constexpr const char* kVisitTimedOut = "the visit took too long";

// Not thread-safe.
class AgentVisit {
 public:
  using Clock = std::chrono::steady_clock;
  // Sends a message to the host.
  using Sink = std::function<void(const GuestMessage& message)>;

  // `service` is what the process does beside visits.
  AgentVisit(Sink to_host, VisitService service)
      : to_host_(std::move(to_host)), service_(std::move(service)) {}

  // To poll; -1 if there is nothing.
  int fd() const;

  // When tick() wants to be called again, if at all.
  std::optional<Clock::time_point> next_tick() const { return deadline_; }

  // "visit", what the service takes, or what either of them waits for; from the host.
  void obey(const GuestMessage& message);

  // fd() is readable.
  void pass_on();

  // Past the deadline: the kernel tells its console what it waits for, and the host is
  // told that the visit took too long.
  void tick(Clock::time_point now);

 private:
  void begin(const GuestMessage& message);
  void end(const GuestMessage& message);

  Sink to_host_;
  VisitService service_;
  std::unique_ptr<VisitProcess> process_;
  std::optional<Clock::time_point> deadline_;  // of the visit that goes on
};

}  // namespace powercut
