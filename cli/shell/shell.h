// SPDX-License-Identifier: GPL-2.0-only
//
// What the commands of the shell work on, and the table of them. A command is an entry in
// the table of its group (move, state, blocks, files, run).

#pragma once

#include "cli/arguments.h"
#include "cli/check_session.h"
#include "cli/shell/disks.h"
#include "cli/shell/session.h"
#include "cli/shell/state_mount.h"
#include "cli/shell/words.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace powercut {

// Members go in reverse order: what is mounted before the disks below it.
struct Shell {
  Shell(ShellSession at, const Arguments& typed, Fd others)
      : session(std::move(at)), arguments(typed), others_namespace(std::move(others)) {}

  ShellSession session;
  const Arguments& arguments;
  Fd others_namespace;  // the mount namespace that we were started in; none: ours
  ShellDisks disks;
  std::map<std::uint32_t, std::unique_ptr<CheckSession>> checks;  // by atomic unit
  std::unique_ptr<StateMount> mount;
  std::uint32_t block_bytes = 4096;
  bool to_terminal = false;  // stdout is one
  bool ended = false;
  int code = 0;  // the worst that `check` said
};

// What the last word of a command can be completed to.
enum class Completes { kNothing, kPlaces, kSteps, kWrites, kPaths, kCommands };

struct ShellCommand {
  const char* name;
  const char* synopsis;
  const char* summary;  // one line
  const char* details;  // more lines for `help NAME`, or empty
  Completes completes;
  // `words` without the name. Throws Failure.
  void (*run)(Shell& shell, Words words);
};

extern const std::span<const ShellCommand> kMoveCommands;
extern const std::span<const ShellCommand> kStateCommands;
extern const std::span<const ShellCommand> kBlockCommands;
extern const std::span<const ShellCommand> kFileCommands;
extern const std::span<const ShellCommand> kRunCommands;
extern const std::span<const ShellCommand> kSessionCommands;

// All of them, in the order of `help`.
std::vector<const ShellCommand*> shell_commands();

// Null: none of that name.
const ShellCommand* find_shell_command(const std::string& name);

// Runs one command: words[0] is its name. Throws Failure.
void run_shell_command(Shell& shell, const Words& words);

// Takes the option out of the words, with its value; nothing if it is not there.
bool take_flag(Words& words, const std::string& flag);
std::optional<std::string> take_option(Words& words, const std::string& option);
// The value of `option` as a number, with K, M, ... if it is one of bytes.
std::optional<std::uint64_t> take_bytes(Words& words, const std::string& option);

// "of DEVICE" at the end, or --device DEVICE: by number or by name; 0 if not said.
std::uint16_t take_device(const ShellSession& session, Words& words);

// kUsage unless there are from `least` to `most` words.
void expect_words(const Words& words, std::size_t least, std::size_t most,
                  const char* command);

[[noreturn]] void shell_usage(const std::string& message, const std::string& hint = "");

}  // namespace powercut
