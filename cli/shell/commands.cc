// SPDX-License-Identifier: GPL-2.0-only
//
// The table of all commands, what their words have in common, and those about the shell
// itself.

#include "base/units.h"
#include "cli/shell/shell.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace powercut {

namespace {

void quit(Shell& shell, Words words) {
  expect_words(words, 0, 0, "quit");
  shell.ended = true;
}

void help(Shell& /*shell*/, Words words) {
  expect_words(words, 0, 1, "help");
  if (words.empty()) {
    for (const ShellCommand* command : shell_commands()) {
      fmt::print("  {:<8} {}\n", command->name, command->summary);
    }
    fmt::print(
        "help COMMAND says more; a place is: start, end, flush N, mark X, write N, "
        "entry N, time T\n");
    return;
  }
  const ShellCommand* command = find_shell_command(words[0]);
  if (command == nullptr) {
    shell_usage(fmt::format("no command '{}'", printable(words[0])), "`help` lists them");
  }
  fmt::print("{}{}{}\n  {}\n{}", command->name, *command->synopsis == '\0' ? "" : " ",
             command->synopsis, command->summary, command->details);
}

constexpr std::array<ShellCommand, 2> kTable = {{
    {"help", "[COMMAND]", "what there is", "", Completes::kCommands, &help},
    {"quit", "", "end; what is mounted is unmounted", "", Completes::kNothing, &quit},
}};

}  // namespace

const std::span<const ShellCommand> kSessionCommands = kTable;

std::vector<const ShellCommand*> shell_commands() {
  std::vector<const ShellCommand*> all;
  for (const std::span<const ShellCommand> group :
       {kMoveCommands, kStateCommands, kBlockCommands, kFileCommands, kRunCommands,
        kSessionCommands}) {
    for (const ShellCommand& command : group) {
      all.push_back(&command);
    }
  }
  return all;
}

const ShellCommand* find_shell_command(const std::string& name) {
  for (const ShellCommand* command : shell_commands()) {
    if (name == command->name) {
      return command;
    }
  }
  return nullptr;
}

void run_shell_command(Shell& shell, const Words& words) {
  const std::string& name = words[0] == "exit" ? "quit" : words[0];
  const ShellCommand* command = find_shell_command(name);
  if (command == nullptr) {
    constexpr std::size_t kShown = 40;
    shell_usage(fmt::format("no command '{}'", printable(words[0]).substr(0, kShown)),
                "`help` lists them");
  }
  command->run(shell, {words.begin() + 1, words.end()});
}

bool take_flag(Words& words, const std::string& flag) {
  const auto found = std::find(words.begin(), words.end(), flag);
  if (found == words.end()) {
    return false;
  }
  words.erase(found);
  return true;
}

std::optional<std::string> take_option(Words& words, const std::string& option) {
  const auto found = std::find(words.begin(), words.end(), option);
  if (found == words.end()) {
    return std::nullopt;
  }
  if (found + 1 == words.end()) {
    shell_usage(fmt::format("{} needs a value", option));
  }
  std::string value = *(found + 1);
  words.erase(found, found + 2);
  return value;
}

std::optional<std::uint64_t> take_bytes(Words& words, const std::string& option) {
  const std::optional<std::string> text = take_option(words, option);
  return text ? std::optional(value_or_throw(parse_bytes(*text))) : std::nullopt;
}

std::uint16_t take_device(const ShellSession& session, Words& words) {
  std::optional<std::string> wanted = take_option(words, "--device");
  if (!wanted && words.size() >= 2 && words[words.size() - 2] == "of") {
    wanted = take_option(words, "of");
  }
  if (!wanted) {
    return 0;
  }
  const std::vector<Device>& devices = session.timeline().devices();
  std::uint16_t number = 0;
  const char* const end = wanted->data() + wanted->size();
  const auto [at, error] = std::from_chars(wanted->data(), end, number);
  if (error == std::errc() && at == end && number < devices.size()) {
    return number;
  }
  for (std::uint16_t d = 0; d < devices.size(); ++d) {
    if (devices[d].name == *wanted) {
      return d;
    }
  }
  shell_usage(fmt::format("no device '{}' in this log", printable(*wanted)),
              "`info` lists its devices");
}

void expect_words(const Words& words, std::size_t least, std::size_t most,
                  const char* command) {
  if (words.size() < least || words.size() > most) {
    shell_usage(words.size() < least ? fmt::format("{}: something is missing", command)
                                     : fmt::format("{}: '{}' is too much", command,
                                                   printable(words[most])),
                fmt::format("`help {}` says what it takes", command));
  }
}

void shell_usage(const std::string& message, const std::string& hint) {
  throw Failure(Error{ErrorKind::kUsage, message, hint});
}

}  // namespace powercut
