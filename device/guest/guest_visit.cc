// SPDX-License-Identifier: GPL-2.0-only
//
// The visits of Guest: what the host sends and waits for. See device/visit_process.h.

#include "device/guest/agent_visit.h"
#include "device/guest/guest.h"
#include "device/script_visit.h"
#include "device/visit_process.h"

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

namespace powercut {
namespace {

constexpr const char* kMountPoint = "/mnt";
// Beyond the time in which the agent says itself that it took too long.
constexpr std::chrono::seconds kAgentPatience{15};

Result<MountReport> report_of(const GuestFailure& failure) {
  if (failure.kind == GuestFailureKind::kInterrupted) {
    return fail(ErrorKind::kInterrupted, failure.message);
  }
  MountReport report;
  report.machine_failure = failure.message;
  report.console_tail = failure.console_tail;
  return report;
}

// From where the kernel begins to tell who waits.
std::string waiting_tasks(std::string_view console) {
  constexpr std::size_t kMostLines = 200;
  const std::size_t begin = console.rfind("sysrq: Show Blocked State");
  return begin == std::string_view::npos ? std::string()
                                         : tail_of(console.substr(begin), kMostLines);
}

}  // namespace

std::optional<GuestFailure> Guest::answer_unit(const GuestMessage& message) {
  if (on_unit_) {
    on_unit_(static_cast<std::size_t>(message.number("index")));
  }
  const Status sent = channel_->send({"go", {}, {}});
  return sent ? std::nullopt : std::optional<GuestFailure>(qemu_ended());
}

// The console comes by another way than messages, and may be behind them.
void Guest::await_on_console(std::string_view text) {
  const Clock::time_point patience = Clock::now() + std::chrono::seconds(5);
  while (console().find(text) == std::string::npos && Clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// Sends it and serves the guest until visited_ is there. `what` completes "the guest did
// not ... within N s".
std::optional<GuestFailure> Guest::await_visit(
    const GuestMessage& message, std::chrono::milliseconds timeout,
    const std::function<void(std::size_t unit)>& begin_unit, const std::string& what) {
  if (std::optional<GuestFailure> failure = boot()) {
    return failure;
  }
  visited_.reset();
  on_unit_ = begin_unit;
  last_beat_ = Clock::now();
  std::optional<GuestFailure> failure =
      channel_->send(message)
          ? pump(Clock::now() + timeout + kAgentPatience, "end its visit",
                 [this] { return visited_.has_value(); })
          : std::optional<GuestFailure>(qemu_ended());
  on_unit_ = nullptr;
  if (failure) {
    return failure;
  }
  if (visited_->number("timed_out") != 0) {
    await_on_console(kVisitTimedOut);
    GuestFailure failed =
        fail_with(GuestFailureKind::kTimeout,
                  fmt::format("the guest did not {} within {} s", what,
                              std::chrono::duration<double>(timeout).count()));
    const std::string stacks = waiting_tasks(console());
    failed.console_tail = stacks.empty() ? failed.console_tail : stacks;
    return failed;
  }
  if (visited_->number("died") != 0) {
    return fail_with(GuestFailureKind::kHang,
                     "the process that mounts died in the guest");
  }
  return std::nullopt;
}

Result<MountReport> Guest::visit(
    const std::filesystem::path& device, const MountRequest& request,
    const std::function<void(std::size_t unit)>& begin_unit) {
  GuestMessage message = visit_message({device, kMountPoint, false}, request);
  message.numbers["timeout_ms"] = request.timeout.count();
  if (const std::optional<GuestFailure> failure = await_visit(
          message, request.timeout, begin_unit,
          fmt::format("mount {}, look around and unmount it", request.type))) {
    return report_of(*failure);
  }
  return read_visited(*visited_);
}

Result<ScriptReport> Guest::run_script(
    const ScriptRequest& request, const std::vector<std::filesystem::path>& devices,
    const std::function<void(std::size_t part)>& begin_part) {
  if (const std::optional<GuestFailure> failure =
          await_visit(script_message(request, devices), request.timeout, begin_part,
                      "end the script")) {
    if (failure->kind == GuestFailureKind::kInterrupted) {
      return fail(ErrorKind::kInterrupted, failure->message);
    }
    ScriptReport report;
    report.timed_out = failure->kind == GuestFailureKind::kTimeout;
    if (!report.timed_out) {
      report.machine_failure = failure->message;
    }
    report.console_tail = failure->console_tail;
    return report;
  }
  return read_scripted(*visited_);
}

Guest::Answer Guest::ask(
    GuestMessage request, std::chrono::milliseconds timeout,
    const std::function<GuestMessage(const GuestMessage&)>& on_message) {
  if (std::optional<GuestFailure> failure = boot()) {
    return {{}, std::move(failure)};
  }
  request.numbers["timeout_ms"] = timeout.count();
  visited_.reset();
  on_asked_ = on_message;
  last_beat_ = Clock::now();
  std::optional<GuestFailure> failure =
      channel_->send(request) ? pump(Clock::now() + timeout + kAgentPatience, "answer",
                                     [this] { return visited_.has_value(); })
                              : std::optional<GuestFailure>(qemu_ended());
  on_asked_ = nullptr;
  if (failure) {
    return {{}, std::move(failure)};
  }
  if (visited_->number("timed_out") != 0) {
    await_on_console(kVisitTimedOut);
    return {{},
            fail_with(GuestFailureKind::kTimeout,
                      fmt::format("the guest was not done within {} s",
                                  std::chrono::duration<double>(timeout).count()))};
  }
  if (visited_->number("died") != 0) {
    return {
        {},
        fail_with(GuestFailureKind::kHang, "the process that mounts died in the guest")};
  }
  return {*visited_, std::nullopt};
}

}  // namespace powercut
