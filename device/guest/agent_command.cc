// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/agent_command.h"

#include "base/subprocess.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace powercut {
namespace {

constexpr std::chrono::seconds kTermGrace{2};
constexpr std::chrono::seconds kKillGrace{5};
constexpr std::size_t kReadBytes = 64 * 1024;

struct SpawnPlan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }

  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }

  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_of(const AgentCommandOptions& options) {
  std::vector<std::string> environment = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
      "TERM=dumb", "LC_ALL=C",
      // There is no udev: libdevmapper makes the nodes in /dev/mapper itself.
      "DM_DISABLE_UDEV=1"};
  for (const std::string& addition : options.environment) {
    std::erase_if(environment, [&](const std::string& known) {
      return known.starts_with(addition.substr(0, addition.find('=') + 1));
    });
    environment.push_back(addition);
  }
  return environment;
}

}  // namespace

Result<AgentCommand> AgentCommand::start(const AgentCommandOptions& options) {
  if (options.argv.empty()) {
    return fail(ErrorKind::kUsage, "no command to run in the guest");
  }
  PC_ASSIGN_OR_RETURN(const std::filesystem::path program, find_program(options.argv[0]));
  SpawnPlan plan;
  AgentCommand command;
  ::posix_spawn_file_actions_addopen(&plan.actions, STDIN_FILENO, "/dev/null", O_RDONLY,
                                     0);
  std::array<Fd, 2> far_ends;
  for (std::size_t i = 0; i < 2; ++i) {
    std::array<int, 2> ends = {-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return fail(system_error("cannot create a pipe", errno));
    }
    command.output_[i] = Fd(ends[0]);
    far_ends[i] = Fd(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ::posix_spawn_file_actions_adddup2(&plan.actions, ends[1], static_cast<int>(i) + 1);
  }
  ::posix_spawn_file_actions_addchdir_np(
      &plan.actions, options.directory.empty() ? "/root" : options.directory.c_str());
  std::vector<std::string> arguments = options.argv;
  std::vector<std::string> environment = environment_of(options);
  const int error =
      ::posix_spawn(&command.pid_, program.c_str(), &plan.actions, &plan.attributes,
                    pointers_to(arguments).data(), pointers_to(environment).data());
  if (error != 0) {
    return fail(
        system_error(fmt::format("cannot run {} in {}", program.native(),
                                 options.directory.empty() ? "/root" : options.directory),
                     error));
  }
  if (options.timeout.count() > 0) {
    command.deadline_ = Clock::now() + options.timeout;
  }
  return command;
}

void AgentCommand::drain(int stream, const Sink& sink) {
  Fd& fd = output_[stream == 1 ? 0 : 1];
  while (fd.valid()) {
    std::string bytes(kReadBytes, '\0');
    const ssize_t got = ::read(fd.get(), bytes.data(), bytes.size());
    if (got > 0) {
      bytes.resize(static_cast<std::size_t>(got));
      sink(stream, std::move(bytes));
    } else if (got == 0 || errno != EINTR) {
      if (got == 0 || errno != EAGAIN) {
        fd.reset();
      }
      return;
    }
  }
}

bool AgentCommand::tick(Clock::time_point now) {
  if (!deadline_ || now < *deadline_) {
    return true;
  }
  if (signals_sent_ == 2) {
    return false;
  }
  ::kill(-pid_, signals_sent_ == 0 ? SIGTERM : SIGKILL);
  *deadline_ = now + (signals_sent_ == 0 ? kTermGrace : kKillGrace);
  ++signals_sent_;
  return true;
}

int AgentCommand::reap() {
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace powercut
