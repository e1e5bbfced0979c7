// SPDX-License-Identifier: GPL-2.0-only
//
// Finds the verb and runs it; turns what it throws into one message and an exit code.

#include "base/print_error.h"
#include "base/signals.h"
#include "cli/arguments.h"
#include "cli/command.h"

#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace powercut {

namespace {

void print_usage(std::FILE* out) {
  fmt::print(
      out,
      "powercut: decides every state that a power cut could have left on a disk\n\n"
      "usage: powercut VERB [ARGUMENTS]      powercut VERB --help\n\nverbs:\n");
  for (const Command* command : command_list()) {
    if (command->hidden) {
      continue;
    }
    fmt::print(out, "  {:<13} {}\n", command->name, command->summary);
  }
  fmt::print(out,
             "\nfirst steps:\n"
             "  powercut doctor\n"
             "  powercut record --on loop --fs ext4 --size 64M -o run.log -- "
             "sh -c 'echo hi > a; sync a; mv a b'\n"
             "  powercut check run.log\n\n"
             "exit codes: 0 clean, 1 findings, 2 usage, 3 harness failed or undecided,\n"
             "            77 skipped, 130 interrupted\n"
             "powercut --bisect VERB ...: the same, as `git bisect run` wants them\n");
}

const Command* find_command(const std::vector<std::string>& words, std::size_t& used) {
  for (std::size_t count : {std::size_t{2}, std::size_t{1}}) {
    if (words.size() < count) {
      continue;
    }
    std::string name = words[0];
    if (count == 2) {
      name += " " + words[1];
    }
    for (const Command* command : command_list()) {
      if (name == command->name) {
        used = count;
        return command;
      }
    }
  }
  return nullptr;
}

int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return kExitUsage;
    case ErrorKind::kInterrupted:
      return kExitInterrupted;
    case ErrorKind::kBadInput:
    case ErrorKind::kMissing:
    case ErrorKind::kSystem:
      break;
  }
  return kExitHarness;
}

int run(const std::vector<std::string>& words) {
  if (words.empty()) {
    print_usage(stderr);
    return kExitUsage;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_usage(stdout);
    return kExitClean;
  }
  if (words[0] == "--version") {
    fmt::print("powercut {}\n", POWERCUT_VERSION);
    return kExitClean;
  }
  std::size_t used = 0;
  const Command* command = find_command(words, used);
  if (command == nullptr) {
    bool group = std::any_of(
        command_list().begin(), command_list().end(), [&](const Command* other) {
          return std::string(other->name).starts_with(words[0] + " ");
        });
    throw Failure(Error{ErrorKind::kUsage,
                        group
                            ? fmt::format("powercut {} needs one of its verbs", words[0])
                            : fmt::format("no verb '{}'", words[0]),
                        "powercut --help lists the verbs"});
  }
  value_or_throw(install_signal_handlers());
  return command->run(*command,
                      {words.begin() + static_cast<std::ptrdiff_t>(used), words.end()});
}

// For `git bisect run`: 0 good, 1 bad, 125 cannot be told, from 128 on an end of it all.
// A usage error is none of the commit's.
int bisect_code(int code) {
  constexpr int kSkipCommit = 125;
  constexpr int kEndBisect = 128;
  switch (code) {
    case kExitClean:
    case kExitFindings:
      return code;
    case kExitHarness:
    case kExitSkipped:
      return kSkipCommit;
    default:
      return std::max(code, kEndBisect);
  }
}

// Whoever read our stdout has closed it: `powercut log list run.log | head`.
bool reader_is_gone() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return std::ferror(stdout) != 0 && ::poll(&out, 1, 0) == 1 &&
         (out.revents & POLLERR) != 0;
}

// With such a reader a program ends by SIGPIPE and says nothing; so do we, when all is
// cleaned up. What could not be written otherwise is no success.
int finish_output(int code) {
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (reader_is_gone()) {
    ::signal(SIGPIPE, SIG_DFL);
    ::raise(SIGPIPE);
  }
  if (!written && code == kExitClean) {
    print_error("powercut: cannot write to stdout\n");
    return kExitHarness;
  }
  return code;
}

int run_guarded(const std::vector<std::string>& words) {
  try {
    return run(words);
  } catch (const HelpGiven&) {
    return kExitClean;
  } catch (const Failure& failure) {
    const Error& error = failure.error();
    if (interrupted()) {
      print_error("powercut: interrupted\n");
      return kExitInterrupted;
    }
    if (reader_is_gone()) {
      return kExitHarness;
    }
    print_error("powercut: {}\n", error.message);
    if (!error.hint.empty()) {
      print_error("hint: {}\n", error.hint);
    }
    return exit_code_of(error.kind);
  } catch (const std::exception& error) {
    if (reader_is_gone()) {
      return kExitHarness;
    }
    print_error("powercut: {}\n", error.what());
    return kExitHarness;
  }
}

}  // namespace

}  // namespace powercut

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool bisect = !words.empty() && words[0] == "--bisect";
  if (bisect) {
    words.erase(words.begin());
  }
  const int code = powercut::finish_output(powercut::run_guarded(words));
  return bisect ? powercut::bisect_code(code) : code;
}
