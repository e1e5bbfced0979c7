// SPDX-License-Identifier: GPL-2.0-only
//
// The lines of a scenario's text as directives: a name, the rest of the line, and the
// lines of the block if there is one. Knows no directive.

#pragma once

#include "base/result.h"
#include "workload/workload_text.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

struct Directive {
  std::size_t line = 0;
  std::string name;
  std::string rest;  // without the blanks around; empty before a block
  // Of a block: its lines as they are, each with its newline, and where they begin.
  std::optional<std::string> block;
  std::size_t block_line = 0;
};

// `block_names`: directives that have a block. Errors (kUsage) name file and line: a
// block that does not end or does not begin as it must, control characters.
Result<std::vector<Directive>> read_directives(
    std::string_view text, const std::string& name,
    const std::vector<std::string>& block_names);

// Without the blanks that all lines begin with; lines of blanks become empty.
std::string without_indentation(std::string_view text);

// Two blanks before every line that is not empty.
std::string indented(std::string_view text);

}  // namespace powercut
