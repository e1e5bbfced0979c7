// SPDX-License-Identifier: GPL-2.0-only
//
// powercut shell: walks through a log and looks at the states on the way.

#include "cli/shell/shell.h"

#include "base/signals.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/log_arguments.h"
#include "cli/mount_privacy.h"
#include "cli/shell/completion.h"
#include "cli/shell/line_editor.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string_view>

namespace powercut {

namespace {

// Of the options of `check` those that mean something for one state.
constexpr std::array kCheckOptions = {"from",  "checker",      "scenario",
                                      "data",  "clean-exit",   "timeout",
                                      "mount", "mount-options"};

void add_options(po::options_description& options) {
  options.add_options()("eval", po::value<std::vector<std::string>>()->composing(),
                        "run these commands, with ; or new lines between them, and end; "
                        "may be given more than once")(
      "block-size", po::value<std::string>()->default_value("4096"),
      "of the blocks of find, history and diff");
  po::options_description of_check;
  add_check_options(of_check);
  for (const boost::shared_ptr<po::option_description>& option : of_check.options()) {
    const std::string name = option->long_name();
    // Those of a guest come with --mount guest.
    const bool of_guest = name == "kernel" || name == "modules" || name == "accel" ||
                          name == "guest-memory";
    if (of_guest || std::find(kCheckOptions.begin(), kCheckOptions.end(), name) !=
                        kCheckOptions.end()) {
      options.add(option);
    }
  }
  add_model_options(options);
  add_log_options(options);
}

// The rest of what a check looks at has its default.
void add_defaults_of_check(Arguments& arguments) {
  po::options_description of_check;
  add_check_options(of_check);
  po::store(po::command_line_parser(std::vector<std::string>{}).options(of_check).run(),
            arguments.values);
}

std::uint32_t block_bytes_from(const Arguments& arguments) {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 20;
  const std::string text = arguments.text("block-size");
  const std::uint64_t bytes = value_or_throw(parse_bytes(text));
  if (!std::has_single_bit(bytes) || bytes < 512 || bytes > kLargest) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("'{}' is no size of blocks", text),
                        "--block-size is a power of two from 512 to 1M"});
  }
  return static_cast<std::uint32_t>(bytes);
}

void run_text(Shell& shell, std::string_view text) {
  for (const Words& words : value_or_throw(split_commands(text))) {
    if (shell.ended) {
      return;
    }
    if (interrupted()) {
      throw Failure(Error{ErrorKind::kInterrupted, "interrupted", {}});
    }
    run_shell_command(shell, words);
    std::fflush(stdout);
  }
}

// All of stdin, a line at a time; so a mount can be used before the next line comes.
class InputLines {
 public:
  // False at the end.
  bool next(std::string& line) {
    for (;;) {
      const std::size_t end = held_.find('\n');
      if (end != std::string::npos || (at_end_ && !held_.empty())) {
        line = held_.substr(0, end);
        held_.erase(0, end == std::string::npos ? end : end + 1);
        return true;
      }
      if (at_end_) {
        return false;
      }
      read_more();
    }
  }

 private:
  void read_more() {
    constexpr std::size_t kMost = std::size_t{1} << 20;
    std::array<pollfd, 2> ready = {
        {{STDIN_FILENO, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}}};
    ::poll(ready.data(), ready.size(), -1);
    if (interrupted()) {
      throw Failure(Error{ErrorKind::kInterrupted, "interrupted", {}});
    }
    if (held_.size() > kMost) {
      throw Failure(Error{ErrorKind::kUsage, "a line of stdin has no end", {}});
    }
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno != EINTR) {
      throw Failure(system_error("cannot read stdin", errno));
    }
    at_end_ = got == 0;
    held_.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }

  std::string held_;
  bool at_end_ = false;
};

void run_script(Shell& shell) {
  if (shell.arguments.has("eval")) {
    for (const std::string& text :
         shell.arguments.values["eval"].as<std::vector<std::string>>()) {
      run_text(shell, text);
    }
    return;
  }
  InputLines lines;
  for (std::string line; !shell.ended && lines.next(line);) {
    run_text(shell, line);
  }
}

// What was typed, and what the log calls things, may be in a message.
Error printable_error(const Error& error) {
  const auto harmless = [](const std::string& text) {
    std::string result;
    for (const char c : text) {  // names that were escaped already stay as they are
      result += c == '\\' ? std::string(1, c) : printable(std::string_view(&c, 1));
    }
    return result;
  };
  return {error.kind, harmless(error.message), harmless(error.hint)};
}

void tell(const Error& error) {
  std::fflush(stdout);
  const Error told = printable_error(error);
  const std::string hint = told.hint.empty() ? "" : "hint: " + told.hint + "\n";
  std::fputs((told.message + "\n" + hint).c_str(), stderr);
}

volatile std::sig_atomic_t must_end = 0;  // the signal

// SIGINT drops a line or a command; these end the shell, and undo what is mounted.
void on_end_signal(int number) {
  must_end = number;
  ::raise(SIGINT);
}

void install_end_signals() {
  for (const int number : {SIGTERM, SIGHUP}) {
    struct sigaction action = {};
    action.sa_handler = &on_end_signal;
    sigemptyset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
  }
}

// An error ends a command and never the session.
void run_interactive(Shell& shell) {
  install_end_signals();
  LineEditor editor(
      history_path(), [&] { return shell.session.place() + "> "; },
      [&](std::string_view line) { return complete(shell, line); });
  fmt::print("{}\n`help` lists the commands\n",
             printable(shell.session.recording()->log().description()));
  std::string line;
  while (!shell.ended && must_end == 0) {
    std::fflush(stdout);
    const LineEditor::Got got = editor.read(line);
    if (got == LineEditor::Got::kEnd) {
      return;
    }
    if (got == LineEditor::Got::kLine) {
      try {
        run_text(shell, line);
      } catch (const Failure& failure) {
        tell(interrupted() ? Error{ErrorKind::kInterrupted, "interrupted", {}}
                           : failure.error());
      } catch (const std::exception& error) {
        tell(Error{ErrorKind::kSystem, error.what(), {}});
      }
    }
    clear_interrupt();
  }
  if (must_end == SIGHUP) {
    // Nobody hears us any more, and to say something would be one more error.
    std::freopen("/dev/null", "w", stdout);
    std::freopen("/dev/null", "w", stderr);
  }
  if (must_end != 0) {
    throw Failure(Error{ErrorKind::kInterrupted, "interrupted", {}});
  }
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  add_options(options);
  const bool from_stdin = !words.empty() && words.back() == "-";
  Arguments arguments = parse_arguments(
      self, options, {"LOG"}, {words.begin(), words.end() - (from_stdin ? 1 : 0)});
  add_defaults_of_check(arguments);
  const std::uint32_t block_bytes = block_bytes_from(arguments);
  // What `mount` shows is for others; all else is hidden, and goes with us.
  Fd others;
  if (::geteuid() == 0) {
    others = value_or_throw(Fd::open("/proc/self/ns/mnt", O_RDONLY));
    hide_mounts();
  }
  std::shared_ptr<const Recording> recording = open_recording(arguments);
  const CrashModel model = check_model(arguments, *recording);
  Shell shell(ShellSession(std::move(recording), model), arguments, std::move(others));
  shell.block_bytes = block_bytes;
  shell.to_terminal = ::isatty(STDOUT_FILENO) != 0;
  if (!arguments.has("eval") && !from_stdin && ::isatty(STDIN_FILENO) != 0) {
    run_interactive(shell);
    return kExitClean;
  }
  try {
    run_script(shell);
  } catch (const Failure& failure) {
    throw Failure(printable_error(failure.error()));
  }
  return shell.code;
}

}  // namespace

extern const Command kShellCommand = {
    "shell", "LOG [--eval COMMANDS]... [-]",
    "walk through a log and look at the states on the way",
    "Goes to any place of the log, tells what is pending there, puts a state together "
    "by\n"
    "losing and keeping writes, and looks at it: blocks and their owners, files, a "
    "checker,\n"
    "a mount, an image. Interactive on a terminal; else it reads commands from stdin. "
    "An\n"
    "error then ends it with its exit code, and a finding of `check` gives 1.\n\n"
    "examples:\n"
    "  powercut shell run.log\n"
    "  powercut shell run.log --eval 'goto flush 3; writes; drop 412; state; check'\n"
    "  powercut shell run.log --eval 'goto mark synced; ls /; cat /a --hex'\n"
    "  echo 'diff flush:3 flush:4' | powercut shell run.log -\n"
    "  powercut shell run.log --eval help\n\n",
    &run};

}  // namespace powercut
