// SPDX-License-Identifier: GPL-2.0-only
//
// Lines from a terminal, with editing, completion and history (libedit).

#pragma once

#include "cli/shell/completion.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace powercut {

class LineEditor {
 public:
  using Prompt = std::function<std::string()>;
  using Complete = std::function<Completion(std::string_view line)>;

  // `history` is read here and written by the destructor; empty: none.
  LineEditor(std::filesystem::path history, Prompt prompt, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  enum class Got { kLine, kEnd, kInterrupt };

  // A line without its end. kInterrupt: Ctrl-C or a signal; what was typed is forgotten.
  Got read(std::string& line);

 private:
  struct Editor;
  std::unique_ptr<Editor> editor_;
};

// $XDG_STATE_HOME/powercut/history, or below ~/.local/state; empty: there is no home.
std::filesystem::path history_path();

}  // namespace powercut
