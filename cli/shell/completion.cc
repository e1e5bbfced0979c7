// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/completion.h"

#include "cli/shell/text.h"

#include <algorithm>
#include <array>

namespace powercut {

namespace {

// Backslashes before what the shell would take for itself. A name that is not printable
// has no form that can be typed.
std::string escaped(std::string_view word) {
  std::string text;
  for (const char c : word) {
    if (std::string_view(" \t;#'\"\\").find(c) != std::string_view::npos) {
      text += '\\';
    }
    text += c;
  }
  return text;
}

bool can_be_typed(std::string_view word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return c >= ' ' && c != 0x7f; });
}

// The words of the command that the cursor is in, the last one open.
struct Typed {
  Words before;
  std::string last;
  std::size_t begins = 0;
};

Typed typed(std::string_view line) {
  Typed result;
  bool in_word = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == ';') {
      result = Typed{};
      in_word = false;
      result.begins = i + 1;
    } else if (c == ' ' || c == '\t') {
      if (in_word) {
        result.before.push_back(result.last);
        result.last.clear();
      }
      in_word = false;
      result.begins = i + 1;
    } else {
      in_word = true;
      if (c == '\\' && i + 1 < line.size()) {
        result.last += line[++i];
      } else {
        result.last += c;
      }
    }
  }
  return result;
}

void add(const Typed& word, std::string_view candidate, std::vector<std::string>& words) {
  if (candidate.starts_with(word.last) && can_be_typed(candidate)) {
    words.push_back(escaped(candidate));
  }
}

void add_marks(const Shell& shell, const Typed& word, const std::string& before,
               std::vector<std::string>& words) {
  constexpr std::size_t kMost = 1000;
  for (const Mark& mark : shell.session.timeline().marks()) {
    if (words.size() < kMost) {
      add(word, before + mark.text, words);
    }
  }
}

void add_places(const Shell& shell, const Typed& word, std::vector<std::string>& words) {
  constexpr std::array kKinds = {"flush", "mark", "write", "entry",
                                 "seq",   "time", "start", "end"};
  if (word.before.size() == 2 && word.before[1] == "mark") {
    add_marks(shell, word, "", words);
    return;
  }
  if (word.last.starts_with("mark:")) {
    add_marks(shell, word, "mark:", words);
    return;
  }
  if (word.before.size() == 1 || word.before[0] == "diff") {
    for (const char* kind : kKinds) {
      add(word, kind, words);
    }
    add_marks(shell, word, "", words);
  }
}

void add_paths(Shell& shell, const Typed& word, std::vector<std::string>& words) {
  const std::size_t slash = word.last.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "" : word.last.substr(0, slash + 1);
  Words device_words = word.before;
  const std::shared_ptr<const StateFiles> files = shell.disks.files(
      shell.session.state(), take_device(shell.session, device_words), false);
  const Ext2Disk& disk = *files->disk;
  const ext2_ino_t inode = value_or_throw(find_ext2_path(disk, directory));
  for (const Ext2Name& name : value_or_throw(list_ext2_directory(disk, inode))) {
    const Result<Ext2Inode> found = read_ext2_inode(disk, name.inode);
    const bool below = found && found->is_directory();
    add(word, directory + name.name + (below ? "/" : ""), words);
  }
}

void add_words(Shell& shell, const Typed& word, std::vector<std::string>& words) {
  if (word.before.empty()) {
    for (const ShellCommand* command : shell_commands()) {
      add(word, command->name, words);
    }
    return;
  }
  const ShellCommand* command = find_shell_command(word.before[0]);
  switch (command == nullptr ? Completes::kNothing : command->completes) {
    case Completes::kNothing:
      break;
    case Completes::kPlaces:
      add_places(shell, word, words);
      break;
    case Completes::kSteps:
      for (const char* kind : {"flush", "fua", "mark", "write", "event"}) {
        add(word, kind, words);
      }
      break;
    case Completes::kWrites:
      for (const WriteIndex write : shell.session.pending()) {
        add(word, number_text(shell.session.timeline(), write), words);
      }
      break;
    case Completes::kPaths:
      add_paths(shell, word, words);
      break;
    case Completes::kCommands:
      for (const ShellCommand* one : shell_commands()) {
        add(word, one->name, words);
      }
      break;
  }
}

}  // namespace

Completion complete(Shell& shell, std::string_view line) {
  const Typed word = typed(line);
  Completion completion;
  completion.begins = word.begins;
  try {
    add_words(shell, word, completion.words);
  } catch (const Failure&) {
    completion.words.clear();
  }
  std::sort(completion.words.begin(), completion.words.end());
  completion.words.erase(std::unique(completion.words.begin(), completion.words.end()),
                         completion.words.end());
  return completion;
}

std::string common_start(const std::vector<std::string>& words) {
  if (words.empty()) {
    return "";
  }
  // Sorted: what the first and the last share, all share.
  const auto [end, other] = std::mismatch(words.front().begin(), words.front().end(),
                                          words.back().begin(), words.back().end());
  return {words.front().begin(), end};
}

}  // namespace powercut
