// SPDX-License-Identifier: GPL-2.0-only
//
// The words of a workload's or scenario's text: blanks, quotes, comments, variables and
// braces; no meaning yet. What is read is a tree: statements, some with a block behind.
// The text's own bytes are not kept.

#pragma once

#include "base/result.h"
#include "workload/workload_text.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace powercut {

// A word whose variables are replaced. A quoted word is never a handle or an option.
struct Word {
  std::string text;
  bool quoted = false;
};

// Values of the variables of the repeats around, innermost last.
using Variables = std::vector<std::pair<std::string, std::uint64_t>>;

// A word as written: literal pieces and names of variables in turn.
struct WordPattern {
  struct Piece {
    std::string text;  // or the name
    bool variable = false;
  };

  std::vector<Piece> pieces;
  bool quoted = false;

  // Fails on a name that `variables` does not have; the Error has no place yet.
  Result<Word> expand(const Variables& variables) const;
};

struct Statement {
  std::size_t line = 0;
  std::vector<WordPattern> words;
  bool has_block = false;  // "{ ... }" stood behind the words
  std::vector<Statement> block;
};

// Errors (kUsage) name file and line: quotes that do not end, unknown escapes, control
// characters, braces that do not match or are nested deeper than 32.
Result<std::vector<Statement>> read_statements(std::string_view text,
                                               const TextPlace& place);

// Words of one line in which "{", "}", "$" mean nothing and "#" begins no comment.
Result<std::vector<Word>> read_plain_words(std::string_view line, const TextPlace& place);

// In quotes if it must be, or always; reads back as the same bytes, and is ASCII.
std::string in_quotes(std::string_view text);
std::string word_text(std::string_view text);

// For messages: control characters escaped, shortened; in single quotes.
std::string shown(std::string_view word);

// "FILE:LINE: message" from a message that has no place.
Error at_place(const TextPlace& place, Error error);
tl::unexpected<Error> fail_at(const TextPlace& place, std::string message,
                              std::string hint = {});

}  // namespace powercut
