// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/line_editor.h"

#include "base/signals.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <histedit.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <string_view>
#include <utility>

namespace powercut {

struct LineEditor::Editor {
  EditLine* line = nullptr;
  History* history = nullptr;
  std::filesystem::path path;
  Prompt prompt;
  Complete complete;
  std::string prompt_text;

  static Editor& of(EditLine* line) {
    void* self = nullptr;
    el_get(line, EL_CLIENTDATA, &self);
    return *static_cast<Editor*>(self);
  }

  static char* prompt_of(EditLine* line) {
    Editor& self = of(line);
    return self.prompt_text.data();
  }

  static int get_character(EditLine* line, wchar_t* character);
  static unsigned char complete_word(EditLine* line, int character);
};

// libedit's own tries again after a signal; here Ctrl-C must come through.
int LineEditor::Editor::get_character(EditLine* /*line*/, wchar_t* character) {
  std::mbstate_t shift{};
  for (;;) {
    std::array<pollfd, 2> ready = {
        {{STDIN_FILENO, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) {
      return -1;
    }
    if (interrupted()) {
      errno = EINTR;
      return -1;
    }
    if (ready[0].revents == 0) {
      continue;
    }
    char byte = 0;
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got <= 0) {
      if (got < 0 && errno == EINTR) {
        continue;
      }
      return static_cast<int>(got);
    }
    const std::size_t used = std::mbrtowc(character, &byte, 1, &shift);
    if (used == static_cast<std::size_t>(-2)) {
      continue;  // more bytes belong to it
    }
    if (used == static_cast<std::size_t>(-1)) {
      *character = L'?';
    }
    return 1;
  }
}

unsigned char LineEditor::Editor::complete_word(EditLine* line, int /*character*/) {
  Editor& self = of(line);
  const LineInfo* typed = el_line(line);
  const std::string_view before(typed->buffer,
                                static_cast<std::size_t>(typed->cursor - typed->buffer));
  const Completion found = self.complete(before);
  const std::string_view word = before.substr(found.begins);
  std::string start = common_start(found.words);
  if (found.words.size() == 1 && !start.ends_with('/')) {
    start += ' ';
  }
  if (start.size() > word.size() && std::string_view(start).starts_with(word)) {
    return el_insertstr(line, start.c_str() + word.size()) == 0 ? CC_REFRESH : CC_ERROR;
  }
  if (found.words.size() < 2) {
    return CC_ERROR;
  }
  constexpr std::size_t kMost = 100;
  std::string list = "\n";
  for (std::size_t i = 0; i < std::min(kMost, found.words.size()); ++i) {
    list += found.words[i] + (i % 8 == 7 ? "\n" : "  ");
  }
  fmt::print("{}{}\n", list,
             found.words.size() > kMost
                 ? fmt::format("... ({} in all)", found.words.size())
                 : "");
  std::fflush(stdout);
  return CC_REDISPLAY;
}

LineEditor::LineEditor(std::filesystem::path history, Prompt prompt, Complete complete)
    : editor_(std::make_unique<Editor>()) {
  constexpr int kMostLines = 2000;
  std::setlocale(LC_CTYPE, "");  // names may be UTF-8
  editor_->path = std::move(history);
  editor_->prompt = std::move(prompt);
  editor_->complete = std::move(complete);
  editor_->line = el_init("powercut", stdin, stdout, stderr);
  editor_->history = history_init();
  if (editor_->line == nullptr || editor_->history == nullptr) {
    throw Failure(Error{ErrorKind::kSystem, "cannot use the terminal", {}});
  }
  HistEvent event{};
  ::history(editor_->history, &event, H_SETSIZE, kMostLines);
  ::history(editor_->history, &event, H_SETUNIQUE, 1);
  if (!editor_->path.empty()) {
    ::history(editor_->history, &event, H_LOAD, editor_->path.c_str());
  }
  EditLine* const line = editor_->line;
  el_set(line, EL_CLIENTDATA, editor_.get());
  el_set(line, EL_PROMPT, &Editor::prompt_of);
  el_set(line, EL_EDITOR, "emacs");
  el_set(line, EL_SIGNAL, 0);
  el_set(line, EL_HIST, &::history, editor_->history);
  el_set(line, EL_GETCFN, &Editor::get_character);
  el_set(line, EL_ADDFN, "complete", "completes a word", &Editor::complete_word);
  el_set(line, EL_BIND, "^I", "complete", nullptr);
  el_set(line, EL_BIND, "^R", "em-inc-search-prev", nullptr);
}

LineEditor::~LineEditor() {
  HistEvent event{};
  if (!editor_->path.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(editor_->path.parent_path(), ignored);
    const mode_t before = ::umask(077);  // what was looked at is nobody else's business
    ::history(editor_->history, &event, H_SAVE, editor_->path.c_str());
    ::umask(before);
  }
  history_end(editor_->history);
  el_end(editor_->line);
}

LineEditor::Got LineEditor::read(std::string& line) {
  editor_->prompt_text = editor_->prompt();
  int length = 0;
  errno = 0;
  // libedit shows the prompt first: what is typed at once would be lost, as Ctrl-D is.
  el_set(editor_->line, EL_PREP_TERM, 1);
  const char* const got = el_gets(editor_->line, &length);
  if (interrupted()) {
    el_reset(editor_->line);
    std::fputs("\n", stdout);
    return Got::kInterrupt;
  }
  if (got == nullptr || length <= 0) {
    std::fputs("\n", stdout);
    return Got::kEnd;
  }
  line.assign(got, static_cast<std::size_t>(length));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
    line.pop_back();
  }
  if (line.find_first_not_of(" \t") != std::string::npos) {
    HistEvent event{};
    ::history(editor_->history, &event, H_ENTER, line.c_str());
  }
  return Got::kLine;
}

std::filesystem::path history_path() {
  const char* const state = std::getenv("XDG_STATE_HOME");
  const char* const home = std::getenv("HOME");
  // As the XDG base directory specification has it: what is not absolute does not count.
  if (state != nullptr && *state == '/') {
    return std::filesystem::path(state) / "powercut" / "history";
  }
  if (home != nullptr && *home == '/') {
    return std::filesystem::path(home) / ".local" / "state" / "powercut" / "history";
  }
  return {};
}

}  // namespace powercut
