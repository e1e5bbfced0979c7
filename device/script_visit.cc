// SPDX-License-Identifier: GPL-2.0-only

#include "device/script_visit.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "device/kernel_log.h"
#include "device/kernel_messages.h"
#include "device/mount_visit.h"
#include "device/stack_sweep.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace powercut {
namespace {

constexpr std::size_t kMostOutputBytes = 64 << 10;  // of a part
constexpr std::size_t kMostLabelBytes = 256;
constexpr std::size_t kMostParts = 1 << 16;

// A running bash, its output and the socket on which it announces parts.
class RunningScript {
 public:
  static Result<RunningScript> start(const ScriptRequest& request,
                                     const std::vector<std::filesystem::path>& devices);

  // Until it ends; fills in parts and how it ended.
  void watch(const std::function<void(std::size_t part)>& begin_part,
             ScriptReport& report);

 private:
  void take_output(ScriptReport& report);
  bool take_announcement(const std::function<void(std::size_t part)>& begin_part,
                         ScriptReport& report);

  pid_t pid_ = -1;
  Fd output_;
  Fd socket_;
};

[[noreturn]] void become_bash(const std::vector<std::string>& environment,
                              const std::string& text, int output, int socket) {
  ::setpgid(0, 0);
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  ::fcntl(socket, F_SETFD, 0);
  for (const std::string& entry : environment) {
    ::putenv(const_cast<char*>(entry.c_str()));  // lives until the exec
  }
  ::execlp("bash", "bash", "-euc", text.c_str(), "verify", nullptr);
  ::_exit(127);
}

Result<RunningScript> RunningScript::start(
    const ScriptRequest& request, const std::vector<std::filesystem::path>& devices) {
  std::array<int, 2> pipe = {-1, -1};
  std::array<int, 2> sockets = {-1, -1};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return fail(system_error("cannot make a pipe", errno));
  }
  RunningScript script;
  script.output_ = Fd(pipe[0]);
  const Fd far_output(pipe[1]);
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return fail(system_error("cannot make a pair of sockets", errno));
  }
  script.socket_ = Fd(sockets[0]);
  const Fd far_socket(sockets[1]);
  ::fcntl(script.output_.get(), F_SETFL, O_NONBLOCK);
  // In a guest nobody makes nodes but libdevmapper and mdadm themselves.
  std::vector<std::string> environment = {
      fmt::format("{}={}", kProbeVariable, far_socket.get()), "DM_DISABLE_UDEV=1",
      "MDADM_NO_UDEV=1"};
  for (std::size_t i = 0; i < request.disk_names.size() && i < devices.size(); ++i) {
    environment.push_back(
        fmt::format("{}={}", request.disk_names[i], devices[i].native()));
  }
  script.pid_ = ::fork();
  if (script.pid_ == 0) {
    become_bash(environment, request.text, far_output.get(), far_socket.get());
  }
  if (script.pid_ < 0) {
    return fail(system_error("cannot start bash", errno));
  }
  return script;
}

void RunningScript::take_output(ScriptReport& report) {
  std::array<char, 4096> buffer = {};
  ssize_t got = 0;
  while ((got = ::read(output_.get(), buffer.data(), buffer.size())) > 0) {
    ScriptPart& part = report.parts.back();
    const std::size_t room = kMostOutputBytes - part.output.size();
    part.output.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
    part.cut = part.cut || room < static_cast<std::size_t>(got);
  }
}

// False when nobody can announce anything any more.
bool RunningScript::take_announcement(
    const std::function<void(std::size_t part)>& begin_part, ScriptReport& report) {
  std::array<char, kMostLabelBytes> label = {};
  const ssize_t got = ::recv(socket_.get(), label.data(), label.size(), 0);
  if (got <= 0) {
    return false;
  }
  // What was printed before is in the pipe by now, and belongs to the part before.
  take_output(report);
  if (report.parts.size() < kMostParts) {
    report.parts.push_back(
        {std::string(label.data(), static_cast<std::size_t>(got)), ""});
    begin_part(report.parts.size() - 1);
  } else {
    report.too_many_parts = true;
  }
  return ::send(socket_.get(), "", 1, MSG_NOSIGNAL) == 1;
}

void RunningScript::watch(const std::function<void(std::size_t part)>& begin_part,
                          ScriptReport& report) {
  constexpr int kLookMs = 20;  // whether it ended while others hold its output open
  bool announcing = true;
  int status = 0;
  while (true) {
    std::array<pollfd, 2> fds = {pollfd{output_.get(), POLLIN, 0},
                                 pollfd{announcing ? socket_.get() : -1, POLLIN, 0}};
    ::poll(fds.data(), fds.size(), kLookMs);
    take_output(report);
    if (announcing && fds[1].revents != 0) {
      announcing = take_announcement(begin_part, report);
    }
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      break;
    }
  }
  ::kill(-pid_, SIGKILL);  // what it left running
  take_output(report);
  if (WIFSIGNALED(status)) {
    report.signal = WTERMSIG(status);
  } else {
    report.code = WEXITSTATUS(status);
  }
}

}  // namespace

Result<ScriptReport> run_script(const ScriptRequest& request,
                                const std::vector<std::filesystem::path>& devices,
                                const std::function<void(std::size_t part)>& begin_part) {
  PC_RETURN_IF_ERROR(find_program("bash"));
  for (const std::filesystem::path& device : devices) {
    PC_RETURN_IF_ERROR(prepare_device(device));
  }
  // The namespace of a process that mounts states has let go of it; mdadm needs it, and
  // so does whoever looks for what is left.
  if (::access("/sys/block", F_OK) != 0 &&
      ::mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0) {
    return fail(system_error("cannot mount sysfs on /sys", errno));
  }
  const std::vector<MountEntry> mounts_before = read_mount_table();
  KernelLog log;
  PC_ASSIGN_OR_RETURN(RunningScript script, RunningScript::start(request, devices));
  ScriptReport report;
  report.parts.emplace_back();
  script.watch(begin_part, report);
  report.left = sweep_stack(mounts_before);
  report.kernel_messages = kernel_messages(log.take(), "");
  return report;
}

Status announce_part(const std::string& label) {
  const char* const number = std::getenv(kProbeVariable);
  if (number == nullptr) {
    return fail(ErrorKind::kUsage, "there is no script of a check around us",
                "powercut probe is called by the script of --checker stack:SCRIPT");
  }
  if (label.empty() || label.size() > kMostLabelBytes ||
      label.find_first_of("\n") != std::string::npos) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' is no label of a probe", label.substr(0, 40)),
                fmt::format("one line of at most {} bytes", kMostLabelBytes));
  }
  const int fd = std::atoi(number);
  char answer = 0;
  if (::send(fd, label.data(), label.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(label.size()) ||
      ::recv(fd, &answer, 1, 0) != 1) {
    return fail(system_error("cannot announce a probe", errno));
  }
  return {};
}

}  // namespace powercut
