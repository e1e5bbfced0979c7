// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/guest.h"

#include "base/ensure.h"
#include "base/run_id.h"
#include "base/signals.h"
#include "device/guest/accel.h"
#include "device/guest/agent.h"
#include "device/guest/processor_wait.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

namespace powercut {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kTailLines = 40;
constexpr int kEndPatienceMs = 5000;
constexpr seconds kProbePatience{5};
constexpr seconds kShutdownPatience{30};
// Beyond the time the agent needs to kill a command and say so.
constexpr seconds kKillPatience{15};

// A directory of this guest's own in the run directory.
Result<fs::path> make_guest_directory(const RunDir& run_dir) {
  for (int number = 0; number < 1000; ++number) {
    const std::string name = fmt::format("guest{}", number);
    std::error_code ignored;
    if (!fs::exists(run_dir.path() / name, ignored)) {
      return run_dir.make_directory(name);
    }
  }
  return fail(ErrorKind::kSystem, "a thousand guests in one run directory");
}

struct SocketPair {
  Fd ours;
  Fd theirs;
};

Result<SocketPair> make_socket_pair() {
  std::array<int, 2> ends = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(system_error("cannot make a pair of sockets", errno));
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return SocketPair{Fd(ends[0]), Fd(ends[1])};
}

// Those of the kernel, then the caller's, which may need more of the kernel's.
Result<std::vector<GuestModule>> modules_to_load(const GuestOptions& options,
                                                 const KernelChoice& kernel) {
  std::vector<fs::path> extra;
  for (const GuestModule& module : options.extra_modules) {
    PC_RETURN_IF_ERROR(check_module_version(module.file, kernel.version));
    extra.push_back(module.file);
  }
  PC_ASSIGN_OR_RETURN(std::vector<std::string> names, modules_needed_by(extra));
  names.insert(names.end(), options.load.begin(), options.load.end());
  PC_ASSIGN_OR_RETURN(const std::vector<fs::path> files,
                      boot_modules(kernel.modules, names));
  std::vector<GuestModule> modules;
  for (const fs::path& file : files) {
    modules.push_back({file, ""});
  }
  modules.insert(modules.end(), options.extra_modules.begin(),
                 options.extra_modules.end());
  return modules;
}

// Only the first line: QEMU's warnings are long.
std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

Result<std::unique_ptr<Guest>> Guest::start(const GuestOptions& options,
                                            const RunDir& run_dir) {
  PC_ASSIGN_OR_RETURN(const fs::path directory, make_guest_directory(run_dir));
  std::unique_ptr<Guest> guest(new Guest());
  guest->boot_timeout_ = options.boot_timeout;
  guest->hang_timeout_ = options.hang_timeout;
  guest->on_mark_ = options.on_mark;
  QemuOptions qemu;
  PC_ASSIGN_OR_RETURN(qemu.program, find_program("qemu-system-x86_64"));
  PC_ASSIGN_OR_RETURN(guest->initramfs_, guest->prepare(options, directory, qemu));
  qemu.name = fmt::format("{}{}", kRunPrefix, run_dir.run_id());
  qemu.disks = options.disks;
  qemu.memory_mib = options.memory_mib;
  qemu.cpus = options.cpus;
  qemu.hung_task = options.hung_task;
  PC_ASSIGN_OR_RETURN(qemu.accel,
                      choose_accel(options.accel, qemu, [&](const QemuOptions& wanted) {
                        return comes_up_with_kvm(wanted, directory, run_dir);
                      }));
  PC_RETURN_IF_ERROR(guest->start_qemu(qemu, run_dir));
  return guest;
}

// The same guest without its disks, for some seconds.
bool Guest::comes_up_with_kvm(QemuOptions qemu, const fs::path& directory,
                              const RunDir& run_dir) {
  Guest probe;
  probe.console_ = directory / "probe-console";
  probe.boot_timeout_ = kProbePatience;
  qemu.console = probe.console_;
  qemu.disks.clear();
  qemu.accel = GuestAccel::kKvm;
  return probe.start_qemu(qemu, run_dir) && !probe.boot();
}

// Kernel, modules, initramfs and console; returns where the initramfs is.
Result<fs::path> Guest::prepare(const GuestOptions& options, const fs::path& directory,
                                QemuOptions& qemu) {
  PC_ASSIGN_OR_RETURN(const KernelChoice kernel,
                      choose_kernel(options.kernel, options.modules));
  kernel_version_ = kernel.version;
  InitramfsOptions initramfs;
  std::error_code error;
  initramfs.own_program =
      options.agent.empty() ? fs::read_symlink("/proc/self/exe", error) : options.agent;
  initramfs.programs = options.programs;
  initramfs.files = options.files;
  PC_ASSIGN_OR_RETURN(initramfs.modules, modules_to_load(options, kernel));
  PC_ASSIGN_OR_RETURN(initramfs.demand_modules, demand_modules(kernel.modules));
  const fs::path archive = directory / "initramfs";
  PC_RETURN_IF_ERROR(write_initramfs(archive, initramfs));
  console_ = options.console.empty() ? directory / "console" : options.console;
  qemu.kernel = kernel.image;
  qemu.initramfs = archive;
  qemu.console = console_;
  return archive;
}

// The sweep knows an orphaned QEMU, as it knows those of a workload, by the run directory
// in its environment.
Status Guest::start_qemu(const QemuOptions& qemu, const RunDir& run_dir) {
  PC_ASSIGN_OR_RETURN(SocketPair sockets, make_socket_pair());
  SubprocessOptions child;
  child.argv = qemu_command(qemu);
  child.stdin_fd = sockets.theirs.get();
  child.environment = {{kControlVariable, run_dir.path() / "guest"}};
  PC_ASSIGN_OR_RETURN(qemu_, Subprocess::start(child));
  channel_ = std::make_unique<GuestChannel>(std::move(sockets.ours));
  last_beat_ = Clock::now();
  return {};
}

Guest::~Guest() {
  kill();
  if (dying_) {
    // It ends when its disk answers, or with our disk servers; to wait here might be for
    // ever.
    std::thread([qemu = std::move(*dying_)] {}).detach();
  }
}

void Guest::kill() {
  if (qemu_ && !death_) {
    death_ = GuestFailure{GuestFailureKind::kEnded, "the guest was killed", {}};
  }
  let_go();
}

void Guest::let_go() {
  channel_.reset();
  if (qemu_) {
    qemu_->kill_group(SIGKILL);
    dying_ = std::move(qemu_);
    qemu_.reset();
    gone_within(milliseconds(kEndPatienceMs));
  }
}

bool Guest::gone_within(milliseconds patience) {
  if (dying_) {
    pollfd ended{dying_->pid_fd(), POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(patience.count())) > 0) {
      dying_.reset();
    }
  }
  return !qemu_ && !dying_;
}

// The guest is gone, or goes now.
GuestFailure Guest::fail_with(GuestFailureKind kind, std::string message) {
  let_go();
  death_ = GuestFailure{kind, std::move(message), {}};
  if (kind != GuestFailureKind::kInterrupted) {
    death_->console_tail = console_excerpt(console(), kTailLines);
  }
  return *death_;
}

GuestFailure Guest::qemu_ended() {
  pollfd ended{qemu_->pid_fd(), POLLIN, 0};
  if (::poll(&ended, 1, kEndPatienceMs) == 0) {
    return fail_with(GuestFailureKind::kQemuDied, "QEMU cut off its guest's channel");
  }
  const Result<ExitState> state = qemu_->wait();
  const ConsoleVerdict verdict = read_console(console());
  if (verdict.kind != GuestFailureKind::kEnded) {
    return fail_with(verdict.kind, fmt::format("the guest's kernel stopped ({}): {}",
                                               to_string(verdict.kind), verdict.line));
  }
  if (!state) {
    return fail_with(GuestFailureKind::kQemuDied, state.error().message);
  }
  if (!state->succeeded()) {
    return fail_with(
        GuestFailureKind::kQemuDied,
        fmt::format("QEMU died ({}): {}", to_string(*state), first_line(state->output)));
  }
  return fail_with(GuestFailureKind::kEnded, booted_
                                                 ? "the guest switched itself off"
                                                 : "the guest ended before it was ready");
}

// A guest that gets no processor is silent too: it is given as much time once more, and
// what QEMU waits for a processor in it does not count.
bool Guest::hangs(Clock::time_point now) {
  if (now < last_beat_ + hang_timeout_) {
    suspicion_.reset();
    return false;
  }
  if (!suspicion_) {
    suspicion_ = Suspicion{now, processor_wait(qemu_->pid())};
    return false;
  }
  return now - suspicion_->since - (processor_wait(qemu_->pid()) - suspicion_->waited) >=
         hang_timeout_;
}

int Guest::poll_timeout_ms(std::optional<Clock::time_point> deadline) const {
  Clock::time_point until = last_beat_ + hang_timeout_;
  if (!booted_ || suspicion_) {
    until = Clock::now() + seconds(1);
  }
  if (deadline) {
    until = std::min(until, *deadline);
  }
  const milliseconds left = std::chrono::ceil<milliseconds>(until - Clock::now());
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 3600 * 1000));
}

// Serves the guest until `done`; what it waits for is told if the deadline passes.
std::optional<GuestFailure> Guest::pump(std::optional<Clock::time_point> deadline,
                                        const char* what,
                                        const std::function<bool()>& done) {
  while (!done()) {
    std::array<pollfd, 3> fds = {pollfd{channel_->fd(), POLLIN, 0},
                                 pollfd{qemu_->pid_fd(), POLLIN, 0},
                                 pollfd{interrupt_fd(), POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), poll_timeout_ms(deadline)) < 0 && errno != EINTR) {
      return fail_with(GuestFailureKind::kQemuDied,
                       system_error("cannot poll a guest", errno).message);
    }
    if (interrupted()) {
      return fail_with(GuestFailureKind::kInterrupted, "interrupted");
    }
    if (fds[0].revents != 0) {
      if (std::optional<GuestFailure> failure = take_messages()) {
        return failure;
      }
    }
    if (done()) {
      break;
    }
    if (fds[0].revents == 0 && fds[1].revents != 0) {
      return qemu_ended();
    }
    const Clock::time_point now = Clock::now();
    if (deadline && now >= *deadline) {
      return fail_with(booted_ ? GuestFailureKind::kHang : GuestFailureKind::kTimeout,
                       fmt::format("the guest did not {} in time", what));
    }
    if (booted_ && hangs(now)) {
      return fail_with(
          GuestFailureKind::kHang,
          fmt::format("the guest hangs: no sign of life for {} s",
                      std::chrono::duration_cast<seconds>(now - last_beat_).count()));
    }
  }
  return std::nullopt;
}

std::optional<GuestFailure> Guest::take_messages() {
  const Result<bool> open = channel_->receive();
  if (!open || !*open) {
    return qemu_ended();  // nobody else holds the other end
  }
  while (true) {
    const Result<std::optional<GuestMessage>> message = channel_->next();
    if (!message) {
      return fail_with(GuestFailureKind::kHang, message.error().message);
    }
    if (!*message) {
      return std::nullopt;
    }
    if (std::optional<GuestFailure> failure = obey(**message)) {
      return failure;
    }
  }
}

std::optional<GuestFailure> Guest::obey(const GuestMessage& message) {
  last_beat_ = Clock::now();
  if (message.type == "hello") {
    booted_ = true;
  } else if (message.type == "output" && on_output_) {
    on_output_(static_cast<int>(message.number("stream")), message.payload);
  } else if (message.type == "exit") {
    exit_ = message;
  } else if (on_asked_ && message.number("last") != 0) {
    visited_ = message;
  } else if (on_asked_ && message.type == "mark" && !message.numbers.contains("id")) {
    return channel_->send(on_asked_(message)) ? std::nullopt
                                              : std::optional<GuestFailure>(qemu_ended());
  } else if (message.type == "mark") {
    return answer_mark(message);
  } else if (message.type == "unit") {
    return answer_unit(message);
  } else if (message.type == "visited") {
    visited_ = message;
  } else if (message.type == "failed") {
    return fail_with(GuestFailureKind::kSetup, message.payload);
  }
  return std::nullopt;
}

std::optional<GuestFailure> Guest::answer_mark(const GuestMessage& message) {
  const Status status = on_mark_
                            ? on_mark_(message.payload)
                            : fail(ErrorKind::kUsage, "nothing is recorded on the host");
  const Status sent = channel_->send({"marked",
                                      {{"id", message.number("id")}},
                                      status ? std::string() : status.error().message});
  return sent ? std::nullopt : std::optional<GuestFailure>(qemu_ended());
}

std::optional<GuestFailure> Guest::boot() {
  if (death_ || booted_) {
    return death_;
  }
  std::optional<GuestFailure> failure =
      pump(Clock::now() + boot_timeout_, "start", [this] { return booted_; });
  std::error_code ignored;
  fs::remove(initramfs_, ignored);  // QEMU has it in memory
  return failure;
}

GuestRun Guest::run(const GuestCommand& command) {
  GuestRun result;
  result.failure = boot();
  if (result.failure) {
    return result;
  }
  BoundedOutput collected(command.output_limit_bytes);
  on_output_ = command.on_output;
  if (!on_output_) {
    on_output_ = [&](int /*stream*/, std::string_view bytes) { collected.append(bytes); };
  }
  std::vector<std::string> strings = {command.directory};
  strings.insert(strings.end(), command.argv.begin(), command.argv.end());
  if (on_mark_) {
    strings.push_back(fmt::format("{}={}", kControlVariable, kGuestControlSocket));
  }
  for (const auto& [name, value] : command.environment) {
    strings.push_back(fmt::format("{}={}", name, value));
  }
  exit_.reset();
  last_beat_ = Clock::now();
  const Status sent =
      channel_->send({"run",
                      {{"arguments", static_cast<std::int64_t>(command.argv.size())},
                       {"timeout_ms", command.timeout.count()}},
                      join_strings(strings)});
  std::optional<Clock::time_point> deadline;
  if (command.timeout.count() > 0) {
    deadline = Clock::now() + command.timeout + kKillPatience;
  }
  result.failure =
      sent ? pump(deadline, "end its command", [this] { return exit_.has_value(); })
           : std::optional<GuestFailure>(qemu_ended());
  on_output_ = nullptr;
  result.state.output = collected.take();
  if (result.failure) {
    result.state.interrupted = result.failure->kind == GuestFailureKind::kInterrupted;
    return result;
  }
  if (exit_->numbers.contains("signal")) {
    result.state.signal = static_cast<int>(exit_->number("signal"));
  } else {
    result.state.code = static_cast<int>(exit_->number("code"));
  }
  if (exit_->number("timed_out") != 0) {
    result.state.timed_out = true;
    result.failure = GuestFailure{
        GuestFailureKind::kTimeout,
        fmt::format("the command in the guest took longer than {} s{}",
                    std::chrono::duration<double>(command.timeout).count(),
                    exit_->number("stuck") != 0 ? ", and cannot be killed" : ""),
        console_excerpt(console(), kTailLines)};
  }
  return result;
}

std::optional<GuestFailure> Guest::shut_down() {
  if (std::optional<GuestFailure> failure = boot()) {
    return failure;
  }
  if (!channel_->send({"off", {}, {}})) {
    return qemu_ended();
  }
  // No beats come any more, so only the deadline counts.
  last_beat_ = Clock::now() + kShutdownPatience;
  std::optional<GuestFailure> failure =
      pump(Clock::now() + kShutdownPatience, "switch itself off", [] { return false; });
  PC_ENSURE(failure.has_value(), "a guest that is switched off ends");
  if (failure->kind == GuestFailureKind::kEnded) {
    return std::nullopt;
  }
  return failure;
}

}  // namespace powercut
