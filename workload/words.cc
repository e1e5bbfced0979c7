// SPDX-License-Identifier: GPL-2.0-only

#include "workload/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

namespace {

constexpr std::size_t kMostShown = 60;

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f &&
         std::string_view("\"\\#{}$").find(c) == std::string_view::npos;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '$') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (is_control(c) || byte >= 0x80) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

Result<Word> WordPattern::expand(const Variables& variables) const {
  Word word{"", quoted};
  for (const Piece& piece : pieces) {
    if (!piece.variable) {
      word.text += piece.text;
      continue;
    }
    auto found = std::find_if(variables.rbegin(), variables.rend(),
                              [&](const auto& each) { return each.first == piece.text; });
    if (found == variables.rend()) {
      std::vector<std::string> names;
      for (const auto& each : variables) {
        names.push_back(each.first);
      }
      const std::string near = nearest_word(piece.text, names);
      return fail(ErrorKind::kUsage, fmt::format("no variable ${} here", piece.text),
                  near.empty() ? R"(a repeat around it names one; a dollar sign is "\$")"
                               : fmt::format("did you mean ${{{}}}?", near));
    }
    word.text += std::to_string(found->second);
  }
  return word;
}

std::string in_quotes(std::string_view text) {
  return fmt::format("\"{}\"", escaped(text));
}

std::string word_text(std::string_view text) {
  const bool plain = !text.empty() && text.front() != '@' &&
                     std::all_of(text.begin(), text.end(), is_plain);
  return plain ? std::string(text) : in_quotes(text);
}

std::string shown(std::string_view word) {
  const bool whole = word.size() <= kMostShown;
  std::string result;
  for (char c : word.substr(0, kMostShown)) {
    const auto byte = static_cast<unsigned char>(c);
    result += is_control(c) || byte >= 0x80 ? fmt::format("\\x{:02x}", byte)
                                            : std::string(1, c);
  }
  return fmt::format("'{}{}'", result, whole ? "" : "...");
}

Error at_place(const TextPlace& place, Error error) {
  error.message = fmt::format("{}:{}: {}", place.name, place.line, error.message);
  return error;
}

tl::unexpected<Error> fail_at(const TextPlace& place, std::string message,
                              std::string hint) {
  return fail(
      at_place(place, Error{ErrorKind::kUsage, std::move(message), std::move(hint)}));
}

}  // namespace powercut
