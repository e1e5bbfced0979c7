// SPDX-License-Identifier: GPL-2.0-only

#include "device/visit_process.h"

#include "base/signals.h"
#include "device/guest/guest_failure.h"
#include "device/kernel_log.h"
#include "device/kernel_messages.h"
#include "device/mount_namespace.h"
#include "device/mount_report_json.h"
#include "device/mount_table.h"
#include "device/script_visit.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace powercut {
namespace {

using std::chrono::milliseconds;

constexpr const char* kName = "powercut-visit";  // in the kernel's messages too
constexpr int kChannel = 3;                      // the child's only descriptor beside
constexpr milliseconds kStartPatience{10000};
constexpr milliseconds kEndPatience{5000};
constexpr milliseconds kReapPatience{1000};
// Nobody bounds the child's time once we are dead.
constexpr unsigned kAlarmSlackSeconds = 60;

bool is_at_or_below(const std::filesystem::path& path,
                    const std::filesystem::path& ancestor) {
  const std::string with_slash = ancestor == "/" ? "/" : ancestor.native() + "/";
  return path == ancestor || path.native().starts_with(with_slash);
}

// A clone of a namespace holds what was mounted there: a disk server of the parent could
// not end any more, and a loop of it not be detached, since their mounts would live on
// here. So every mount goes that does not lead to what the child needs.
void forget_other_mounts(const std::filesystem::path& mountpoint) {
  const std::array<std::filesystem::path, 3> needed = {"/dev", "/proc", mountpoint};
  for (const MountEntry& entry : read_mount_table()) {
    if (std::ranges::none_of(needed, [&](const std::filesystem::path& path) {
          return is_at_or_below(path, entry.target);
        })) {
      ::umount2(entry.target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    }
  }
}

// Of the child: away with all that is the parent's.
Status become_a_child_of_its_own(int channel_fd,
                                 const std::filesystem::path& mountpoint) {
  ::setsid();  // Ctrl-C is for the parent
  for (int signal = 1; signal < NSIG; ++signal) {
    ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(channel_fd, kChannel);
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < kChannel; ++fd) {
    ::dup2(null, fd);
  }
  ::syscall(SYS_close_range, kChannel + 1U, ~0U, 0U);
  ::prctl(PR_SET_NAME, kName);
  PC_RETURN_IF_ERROR(enter_private_mount_namespace());
  forget_other_mounts(mountpoint);
  return {};
}

GuestMessage error_message(const Error& error) {
  return error_answer("visited", error);
}

GuestMessage visited_message(const Result<MountReport>& report) {
  if (!report) {
    return error_message(report.error());
  }
  std::string json = to_json(*report);
  if (json.size() > kMaxGuestPayloadBytes) {
    return error_message({ErrorKind::kSystem,
                          fmt::format("the file system is too large to be told: {} names "
                                      "and {} units of data",
                                      report->tree.size(), report->data.size()),
                          {}});
  }
  return {"visited", {}, std::move(json)};
}

void announce_unit(GuestChannel& channel, std::size_t unit) {
  const std::int64_t index = static_cast<std::int64_t>(unit);
  if (!channel.send({"unit", {{"index", index}}, {}}) || !wait_for_message(channel)) {
    ::_exit(0);  // nobody waits for the rest
  }
}

// Whoever waits for it ends the whole guest if it takes too long.
GuestMessage script_once(GuestChannel& channel, const GuestMessage& message) {
  const Result<ScriptCall> call = read_script_message(message);
  if (!call) {
    return error_message(call.error());
  }
  return scripted_message(run_script(call->request, call->devices, [&](std::size_t part) {
    announce_unit(channel, part);
  }));
}

GuestMessage visit_once(GuestChannel& channel, const GuestMessage& message) {
  const std::vector<std::string> strings = split_strings(message.payload);
  if (strings.size() != 3) {
    return error_message({ErrorKind::kBadInput, "this is no request to mount", {}});
  }
  const Result<MountRequest> request = mount_request_from_json(strings[2]);
  if (!request) {
    return error_message(request.error());
  }
  const VisitPlace place{strings[0], strings[1], message.number("shared_kernel") != 0};
  const std::chrono::seconds limit =
      std::chrono::ceil<std::chrono::seconds>(request->timeout);
  ::alarm(static_cast<unsigned>(limit.count()) + kAlarmSlackSeconds);
  const Result<MountReport> report = visit_mount(
      place, *request, [&](std::size_t unit) { announce_unit(channel, unit); });
  ::alarm(0);
  return visited_message(report);
}

// What a service does may take as long as a user wants, and wait for nobody. So a thread
// ends this process when the other end of the channel is gone.
void end_with_channel(int fd) {
  std::thread([fd] {
    pollfd poller{fd, POLLRDHUP, 0};
    while (::poll(&poller, 1, -1) <= 0) {
    }
    ::_exit(0);
  }).detach();
}

GuestMessage serve_once(GuestChannel& channel, const VisitService& service,
                        const GuestMessage& message) {
  ::alarm(static_cast<unsigned>(message.number("limit_seconds")) + kAlarmSlackSeconds);
  GuestMessage answer = service.run(channel, message);
  ::alarm(0);
  return answer;
}

[[noreturn]] void serve_visits(int channel_fd, const std::filesystem::path& mountpoint,
                               const VisitService& service) {
  const Status ready = become_a_child_of_its_own(channel_fd, mountpoint);
  GuestChannel channel{Fd(kChannel)};
  const bool told =
      channel.send(ready ? GuestMessage{"ready", {}, {}} : error_message(ready.error()))
          .has_value();
  if (service.run) {
    end_with_channel(channel.fd());
  }
  while (ready && told) {
    const std::optional<GuestMessage> message = wait_for_message(channel);
    if (!message) {
      break;
    }
    if (message->type == "visit" && !channel.send(visit_once(channel, *message))) {
      break;
    }
    if (message->type == "script" && !channel.send(script_once(channel, *message))) {
      break;
    }
    if (service.run && message->type == service.type &&
        !channel.send(serve_once(channel, service, *message))) {
      break;
    }
  }
  ::_exit(0);
}

std::string describe_status(int status) {
  return WIFSIGNALED(status) ? fmt::format("signal {} ({})", WTERMSIG(status),
                                           ::strsignal(WTERMSIG(status)))
                             : fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

GuestMessage error_answer(std::string type, const Error& error) {
  return {std::move(type),
          {{"error", 1}, {"last", 1}, {"kind", static_cast<std::int64_t>(error.kind)}},
          join_strings({error.message, error.hint})};
}

std::optional<Error> error_in(const GuestMessage& answer) {
  if (answer.number("error") == 0) {
    return std::nullopt;
  }
  std::vector<std::string> strings = split_strings(answer.payload);
  strings.resize(2);
  const auto last = static_cast<std::int64_t>(ErrorKind::kInterrupted);
  const std::int64_t kind = std::clamp<std::int64_t>(answer.number("kind"), 0, last);
  return Error{static_cast<ErrorKind>(kind), strings[0], strings[1]};
}

std::optional<GuestMessage> wait_for_message(GuestChannel& channel) {
  while (true) {
    Result<std::optional<GuestMessage>> message = channel.next();
    if (!message || *message) {
      return message ? std::move(*message) : std::nullopt;
    }
    pollfd poller{channel.fd(), POLLIN, 0};
    ::poll(&poller, 1, -1);
    if (const Result<bool> open = channel.receive(); !open || !*open) {
      return std::nullopt;
    }
  }
}

GuestMessage visit_message(const VisitPlace& place, const MountRequest& request) {
  return {"visit",
          {{"shared_kernel", place.shared_kernel ? 1 : 0}},
          join_strings({place.device, place.mountpoint, to_json(request)})};
}

Result<MountReport> read_visited(const GuestMessage& message) {
  if (std::optional<Error> error = error_in(message)) {
    return fail(std::move(*error));
  }
  return mount_report_from_json(message.payload);
}

Result<std::unique_ptr<VisitProcess>> VisitProcess::start(
    const std::filesystem::path& mountpoint, const VisitService& service) {
  std::array<int, 2> ends = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) !=
      0) {
    return fail(system_error("cannot make a pair of sockets", errno));
  }
  std::unique_ptr<VisitProcess> process(new VisitProcess());
  process->channel_ = std::make_unique<GuestChannel>(Fd(ends[0]));
  Fd far_end(ends[1]);
  process->pid_ = ::fork();
  if (process->pid_ == 0) {
    serve_visits(far_end.get(), mountpoint, service);
  }
  far_end.reset();  // another copy would hide that the child's is gone
  if (process->pid_ < 0) {
    return fail(system_error("cannot create a process that mounts", errno));
  }
  process->pid_fd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, process->pid_, 0)));
  if (!process->pid_fd_.valid()) {
    return fail(system_error("cannot open a pidfd", errno));
  }
  PC_ASSIGN_OR_RETURN(const std::optional<GuestMessage> first,
                      process->next_message(Clock::now() + kStartPatience));
  if (first && first->type == "ready") {
    return process;
  }
  if (first && first->type == "visited") {
    return fail(read_visited(*first).error());
  }
  return fail(ErrorKind::kSystem, "the process that mounts did not start in time");
}

VisitProcess::~VisitProcess() {
  kill();
  ended_within(kEndPatience);
}

void VisitProcess::kill() {
  channel_.reset();
  if (!reaped_ && pid_fd_.valid()) {
    ::syscall(SYS_pidfd_send_signal, pid_fd_.get(), SIGKILL, nullptr, 0U);
  }
}

bool VisitProcess::ended_within(milliseconds patience) {
  const Clock::time_point end = Clock::now() + patience;
  while (!reaped_ && pid_ > 0) {
    const milliseconds left = std::chrono::ceil<milliseconds>(end - Clock::now());
    pollfd poller{pid_fd_.get(), POLLIN, 0};
    const int wait = static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
    const int ready = pid_fd_.valid() ? ::poll(&poller, 1, wait) : 1;
    if (ready > 0) {
      // ECHILD: somebody reaped it who waits for everybody.
      reaped_ = ::waitpid(pid_, &status_, 0) == pid_ || errno == ECHILD;
    } else if (ready == 0) {
      return false;
    }
  }
  return true;
}

std::string VisitProcess::end() {
  kill();
  return ended_within(kReapPatience) ? describe_status(status_) : "not yet ended";
}

Result<std::optional<GuestMessage>> VisitProcess::next_message(
    Clock::time_point deadline) {
  while (true) {
    PC_ASSIGN_OR_RETURN(std::optional<GuestMessage> message, channel_->next());
    if (message) {
      return message;
    }
    const milliseconds left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      return std::optional<GuestMessage>();
    }
    std::array<pollfd, 2> fds = {pollfd{channel_->fd(), POLLIN, 0},
                                 pollfd{interrupt_fd(), POLLIN, 0}};
    ::poll(fds.data(), fds.size(),
           static_cast<int>(std::min<milliseconds::rep>(left.count(), 3600 * 1000)));
    if (interrupted()) {
      return fail(ErrorKind::kInterrupted, "interrupted");
    }
    if (fds[0].revents != 0) {
      PC_ASSIGN_OR_RETURN(const bool open, channel_->receive());
      if (!open) {
        return std::optional<GuestMessage>(GuestMessage{});
      }
    }
  }
}

// The child ended in the midst of a visit. If the kernel logged a fault of its own, it is
// a result like any other.
Result<MountReport> VisitProcess::explain_end(KernelLog& log, const VisitPlace& place) {
  const std::string status = end();
  const std::vector<KernelLine> lines = log.take();
  std::string text;
  for (const KernelLine& line : lines) {
    text += line.text + "\n";
  }
  const ConsoleVerdict verdict = read_console(text);
  if (verdict.kind == GuestFailureKind::kEnded) {
    return fail(ErrorKind::kSystem,
                fmt::format("the process that mounts states died: {}", status));
  }
  MountReport report;
  report.problems = {
      fmt::format("visit: the kernel failed ({}): {}", to_string(verdict.kind),
                  clean_kernel_message(verdict.line, "")),
  };
  report.kernel_messages = kernel_messages(lines, place.device.filename().native());
  return report;
}

Result<MountReport> VisitProcess::visit(
    const VisitPlace& place, const MountRequest& request,
    const std::function<void(std::size_t unit)>& begin_unit) {
  if (!running()) {
    return fail(ErrorKind::kSystem, "the process that mounts states is gone");
  }
  KernelLog log;
  const Clock::time_point deadline = Clock::now() + request.timeout;
  if (!channel_->send(visit_message(place, request))) {
    return explain_end(log, place);
  }
  while (true) {
    Result<std::optional<GuestMessage>> message = next_message(deadline);
    if (!message) {
      kill();
      return fail(std::move(message).error());
    }
    if (!*message) {
      kill();
      MountReport report;
      report.timed_out = true;
      report.kernel_messages = kernel_messages_about(
          log.take(), place.device.filename().native(), request.type);
      return report;
    }
    const GuestMessage& told = **message;
    if (told.type == "visited") {
      return read_visited(told);
    }
    if (told.type == "unit") {
      if (begin_unit) {
        begin_unit(static_cast<std::size_t>(told.number("index")));
      }
    }
    if (told.type != "unit" || !channel_->send({"go", {}, {}})) {
      return explain_end(log, place);
    }
  }
}

}  // namespace powercut
