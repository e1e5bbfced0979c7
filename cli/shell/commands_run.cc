// SPDX-License-Identifier: GPL-2.0-only
//
// Commands that hand the state here to others: a checker, the kernel, a file.

#include "base/new_file.h"
#include "base/print_error.h"
#include "cli/check_state.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "cli/shell/shell.h"
#include "cli/state_image.h"
#include "replay/state_view.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

namespace powercut {

namespace {

void check(Shell& shell, Words words) {
  expect_words(words, 0, 0, "check");
  const CrashState state = shell.session.state();
  const std::uint32_t atomic = state.space->model().atomic_bytes;
  std::unique_ptr<CheckSession>& session = shell.checks[atomic];
  if (!session) {
    // Built where it stays: parts of it refer to others.
    session.reset(new CheckSession(
        open_check_session(shell.arguments, shell.session.recording(), atomic)));
  }
  const int code = check_state(*session, state, state.id());
  if (code == kExitHarness) {
    throw Failure(
        Error{ErrorKind::kBadInput, "the checker could not judge this state", {}});
  }
  shell.code = std::max(shell.code, code);
}

void mount(Shell& shell, Words words) {
  StateMountOptions options;
  options.options = take_option(words, "-o").value_or("");
  options.device = take_device(shell.session, words);
  expect_words(words, 0, 2, "mount");
  if (shell.mount) {
    shell_usage("a state is mounted already", "`umount` ends that");
  }
  if (!words.empty()) {
    std::error_code error;
    options.directory = std::filesystem::canonical(words[0], error);
    if (error || !std::filesystem::is_directory(options.directory)) {
      shell_usage(fmt::format("{} is no directory", printable(words[0])));
    }
  }
  options.type = words.size() == 2 ? words[1] : "";
  auto mounted = std::make_unique<StateMount>(
      shell.session.state(), shell.disks.run_dir(), shell.others_namespace, options);
  for (const std::filesystem::path& file : mounted->files()) {
    fmt::print("served     {}\n", file.string());
  }
  if (mounted->mounted_at().empty()) {
    print_error("powercut: only root may mount; for example: debugfs {}\n",
                mounted->files()[options.device].string());
  } else {
    fmt::print("mounted    {}\n", printable(mounted->mounted_at().string()));
  }
  shell.mount = std::move(mounted);
}

void umount(Shell& shell, Words words) {
  expect_words(words, 0, 0, "umount");
  if (!shell.mount) {
    shell_usage("nothing is mounted", "`mount` serves and mounts the state here");
  }
  const std::unique_ptr<StateMount> mounted = std::move(shell.mount);
  value_or_throw(mounted->stop());
}

void export_state(Shell& shell, Words words) {
  const std::uint16_t device = take_device(shell.session, words);
  expect_words(words, 1, 1, "export");
  const std::filesystem::path path = words[0];
  value_or_throw(NewFile::check(path, shell.arguments.text("LOG")));
  const CrashState& state = shell.session.state();
  write_state_image(*shell.session.recording(), StateView(state, device),
                    shell.session.cut(), device, path);
  print_error("powercut: {} holds device {} of the state {}\n", printable(path.string()),
              device, state.id());
}

constexpr std::array<ShellCommand, 4> kTable = {{
    {"check", "", "run the checker on the state here, as check --state would",
     "  With the options that the shell was started with: --checker, --data, --scenario, "
     "--from, ...\n",
     Completes::kNothing, &check},
    {"mount", "[DIR [TYPE]] [-o OPTIONS] [of DEVICE]",
     "serve the state here as files, and mount it, until umount or the end",
     "  Writes go to a scratch overlay that is forgotten. Without DIR at a directory of "
     "its own.\n"
     "  Not as root: only served. Mounted stays what was mounted when the shell moves "
     "on.\n",
     Completes::kNothing, &mount},
    {"umount", "", "end what mount began", "", Completes::kNothing, &umount},
    {"export", "FILE [of DEVICE]", "write the state here as a sparse image", "",
     Completes::kNothing, &export_state},
}};

}  // namespace

const std::span<const ShellCommand> kRunCommands = kTable;

}  // namespace powercut
