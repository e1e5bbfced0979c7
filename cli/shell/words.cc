// SPDX-License-Identifier: GPL-2.0-only

#include "cli/shell/words.h"

#include <fmt/format.h>

namespace powercut {

namespace {

constexpr std::size_t kMostBytes = 65536;

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Result<std::vector<Words>> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\n' || c == ';') {
        end_word();
        end_command();
      } else if (c == ' ' || c == '\t' || c == '\r') {
        end_word();
      } else if (c == '#' && !in_word_) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (!take(c)) {
        return fail(ErrorKind::kUsage, "a quote is not closed",
                    "quotes are those of sh: '...', \"...\" and \\");
      }
    }
    end_word();
    end_command();
    return std::move(commands_);
  }

 private:
  // False: the text ends within a quote.
  bool take(char c) {
    in_word_ = true;
    if (c == '\'') {
      const std::size_t end = text_.find('\'', at_);
      if (end == std::string_view::npos) {
        return false;
      }
      word_ += text_.substr(at_, end - at_);
      at_ = end + 1;
      return true;
    }
    if (c == '"') {
      return take_double_quoted();
    }
    if (c == '\\') {
      if (at_ == text_.size()) {
        return false;
      }
      c = text_[at_++];
      if (c == '\n') {
        return true;  // a line goes on
      }
    }
    word_ += c;
    return true;
  }

  bool take_double_quoted() {
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '"') {
        return true;
      }
      if (c == '\\' && at_ < text_.size() &&
          std::string_view("\"\\$`").find(text_[at_]) != std::string_view::npos) {
        c = text_[at_++];
      }
      word_ += c;
    }
    return false;
  }

  void end_word() {
    if (in_word_) {
      command_.push_back(std::move(word_));
      word_.clear();
      in_word_ = false;
    }
  }

  void end_command() {
    if (!command_.empty()) {
      commands_.push_back(std::move(command_));
      command_.clear();
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool in_word_ = false;
  std::string word_;
  Words command_;
  std::vector<Words> commands_;
};

}  // namespace

Result<std::vector<Words>> split_commands(std::string_view text) {
  if (text.size() > kMostBytes) {
    return fail(ErrorKind::kUsage, fmt::format("a line of {} bytes", text.size()),
                fmt::format("a line has at most {}", kMostBytes));
  }
  return Splitter(text).run();
}

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte < 0x7f && byte != '\\') {
      result += c;
    } else {
      result += fmt::format("\\x{:02x}", byte);
    }
  }
  return result;
}

std::string join(const Words& words, std::size_t first) {
  std::string text;
  for (std::size_t i = first; i < words.size(); ++i) {
    text += (i > first ? " " : "") + words[i];
  }
  return text;
}

}  // namespace powercut
