// SPDX-License-Identifier: GPL-2.0-only
//
// The reading half of words.h.

#include "workload/words.h"

#include <fmt/format.h>

#include <cctype>
#include <optional>

namespace powercut {

namespace {

constexpr unsigned kDeepest = 32;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

class WordReader {
 public:
  // `plain`: no comments, braces or variables.
  WordReader(std::string_view text, TextPlace place, bool plain)
      : text_(text), place_(std::move(place)), plain_(plain) {}

  const TextPlace& place() const { return place_; }

  bool at_end() const { return at_ == text_.size(); }

  // To the next word, brace, newline or the end.
  void skip_blanks() {
    while (!at_end() && is_blank(text_[at_])) {
      ++at_;
    }
    if (!plain_ && !at_end() && text_[at_] == '#') {
      while (!at_end() && text_[at_] != '\n') {
        ++at_;
      }
    }
  }

  bool take_newline() {
    if (at_end() || text_[at_] != '\n') {
      return false;
    }
    ++at_;
    ++place_.line;
    return true;
  }

  // A brace that is a word of its own.
  bool take_brace(char brace) {
    if (plain_ || at_end() || text_[at_] != brace || !ends_word(at_ + 1)) {
      return false;
    }
    ++at_;
    return true;
  }

  Result<WordPattern> read_word() {
    WordPattern word;
    if (text_[at_] == '"') {
      word.quoted = true;
      PC_RETURN_IF_ERROR(read_quoted(word));
      return word;
    }
    while (!ends_word(at_)) {
      if (text_[at_] == '"') {
        return fail_at(place_, "a quote within a word", "put the whole word in quotes");
      }
      PC_RETURN_IF_ERROR(read_character(word));
    }
    return word;
  }

 private:
  bool ends_word(std::size_t at) const {
    return at >= text_.size() || is_blank(text_[at]) || text_[at] == '\n';
  }

  Status read_quoted(WordPattern& word) {
    const std::size_t begin = at_++;
    while (!at_end() && text_[at_] != '\n' && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        PC_RETURN_IF_ERROR(read_escape(word));
      } else {
        PC_RETURN_IF_ERROR(read_character(word));
      }
    }
    if (at_end() || text_[at_] != '"') {
      return fail_at(place_,
                     fmt::format("the quote of {} does not end on its line",
                                 shown(text_.substr(begin, at_ - begin))),
                     "a newline within quotes is \\n");
    }
    ++at_;
    if (!ends_word(at_)) {
      return fail_at(place_,
                     fmt::format("no blank behind the quote of {}",
                                 shown(text_.substr(begin, at_ - begin))),
                     "a quote within quotes is \\\"");
    }
    return {};
  }

  Status read_escape(WordPattern& word) {
    const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\n';
    switch (kind) {
      case '"':
      case '\\':
      case '$':
        add(word, kind);
        break;
      case 'n':
        add(word, '\n');
        break;
      case 't':
        add(word, '\t');
        break;
      case 'x': {
        const int high = at_ + 2 < text_.size() ? hex_digit(text_[at_ + 2]) : -1;
        const int low = at_ + 3 < text_.size() ? hex_digit(text_[at_ + 3]) : -1;
        if (high >= 0 && low >= 0) {
          add(word, static_cast<char>(high * 16 + low));
          at_ += 4;
          return {};
        }
        [[fallthrough]];
      }
      default:
        return fail_at(place_, fmt::format("unknown escape {}", shown(escape_text())),
                       R"(there are \" \\ \$ \n \t and \xHH)");
    }
    at_ += 2;
    return {};
  }

  // What to show of an escape: the backslash and what follows on the line.
  std::string_view escape_text() const {
    std::string_view rest = text_.substr(at_, 4);
    return rest.substr(0, rest.find('\n'));
  }

  Status read_character(WordPattern& word) {
    const char c = text_[at_];
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) {
      return fail_at(place_, fmt::format("a control character (0x{:02x})", byte),
                     fmt::format("in quotes it is \\x{:02x}", byte));
    }
    if (c == '$' && !plain_) {
      const std::string_view name = variable_name();
      if (!name.empty()) {
        word.pieces.push_back({std::string(name), true});
        at_ += name.size() + (text_[at_ + 1] == '{' ? 3 : 1);
        return {};
      }
    }
    add(word, c);
    ++at_;
    return {};
  }

  // The name behind the dollar sign here; empty if it is only a dollar sign.
  std::string_view variable_name() const {
    std::size_t begin = at_ + 1;
    const bool braced = begin < text_.size() && text_[begin] == '{';
    begin += braced ? 1 : 0;
    std::size_t end = begin;
    while (end < text_.size() &&
           (end == begin ? is_name_start(text_[end]) : is_name(text_[end]))) {
      ++end;
    }
    if (braced && (end >= text_.size() || text_[end] != '}')) {
      return {};
    }
    return text_.substr(begin, end - begin);
  }

  static void add(WordPattern& word, char c) {
    if (word.pieces.empty() || word.pieces.back().variable) {
      word.pieces.push_back({});
    }
    word.pieces.back().text += c;
  }

  std::string_view text_;
  TextPlace place_;
  bool plain_;
  std::size_t at_ = 0;
};

Result<std::vector<Statement>> read_block(WordReader& reader, unsigned depth,
                                          const std::optional<std::size_t>& opened_at) {
  if (depth > kDeepest) {
    return fail_at(reader.place(), fmt::format("braces nested deeper than {}", kDeepest));
  }
  std::vector<Statement> statements;
  Statement statement;
  auto finish = [&] {
    if (!statement.words.empty()) {
      statements.push_back(std::move(statement));
    }
    statement = Statement{};
  };
  while (true) {
    reader.skip_blanks();
    if (reader.at_end()) {
      if (opened_at) {
        return fail_at({reader.place().name, *opened_at}, "'{' without a '}'",
                       "a block ends with a } that stands by itself");
      }
      finish();
      return statements;
    }
    if (reader.take_newline()) {
      finish();
    } else if (reader.take_brace('}')) {
      if (!opened_at) {
        return fail_at(reader.place(), "'}' without a '{'");
      }
      finish();
      return statements;
    } else if (reader.take_brace('{')) {
      if (statement.words.empty()) {
        return fail_at(reader.place(), "'{' without a word before it",
                       "a block belongs to repeat, threads or thread on the same line");
      }
      PC_ASSIGN_OR_RETURN(statement.block,
                          read_block(reader, depth + 1, reader.place().line));
      statement.has_block = true;
      finish();
    } else {
      if (statement.words.empty()) {
        statement.line = reader.place().line;
      }
      PC_ASSIGN_OR_RETURN(WordPattern word, reader.read_word());
      statement.words.push_back(std::move(word));
    }
  }
}

}  // namespace

Result<std::vector<Statement>> read_statements(std::string_view text,
                                               const TextPlace& place) {
  WordReader reader(text, place, false);
  return read_block(reader, 0, std::nullopt);
}

Result<std::vector<Word>> read_plain_words(std::string_view line,
                                           const TextPlace& place) {
  WordReader reader(line, place, true);
  std::vector<Word> words;
  while (true) {
    reader.skip_blanks();
    if (reader.at_end() || reader.take_newline()) {
      return words;
    }
    PC_ASSIGN_OR_RETURN(WordPattern pattern, reader.read_word());
    PC_ASSIGN_OR_RETURN(Word word, pattern.expand({}));
    words.push_back(std::move(word));
  }
}

}  // namespace powercut
