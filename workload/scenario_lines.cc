// SPDX-License-Identifier: GPL-2.0-only

#include "workload/scenario_lines.h"

#include "workload/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

std::string_view indentation(std::string_view line) {
  return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
}

// Line by line, without the newlines.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool next(std::string_view& line) {
    if (rest_.empty()) {
      return false;
    }
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    return true;
  }

  std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

Status read_block(Lines& lines, std::string_view indent, const TextPlace& place,
                  Directive& directive) {
  directive.block = "";
  directive.block_line = lines.number() + 1;
  std::size_t brace_line = 0;
  std::string_view line;
  while (lines.next(line)) {
    if (trimmed(line) == "}") {
      if (indentation(line) == indent) {
        return {};
      }
      brace_line = lines.number();
    }
    directive.block->append(line);
    directive.block->push_back('\n');
  }
  return fail_at(
      place, fmt::format("'{} {{' without a '}}'", directive.name),
      brace_line == 0
          ? "the block ends at a line with } alone"
          : fmt::format("that of line {} is not as far to the right as the word {}",
                        brace_line, directive.name));
}

// Texts go to terminals and reports.
Status check_characters(std::string_view text, const TextPlace& place) {
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) {
      return fail_at(place, fmt::format("a control character (0x{:02x})", byte));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Directive>> read_directives(
    std::string_view text, const std::string& name,
    const std::vector<std::string>& block_names) {
  std::vector<Directive> directives;
  Lines lines(text);
  std::string_view line;
  while (lines.next(line)) {
    const std::string_view words = trimmed(line);
    if (words.empty() || words.front() == '#') {
      continue;
    }
    const TextPlace place{name, lines.number()};
    PC_RETURN_IF_ERROR(check_characters(words, place));
    Directive directive;
    directive.line = lines.number();
    const std::size_t end = std::min(words.find_first_of(kBlanks), words.size());
    directive.name = words.substr(0, end);
    directive.rest = trimmed(words.substr(end));
    const bool blocky = std::find(block_names.begin(), block_names.end(),
                                  directive.name) != block_names.end();
    if (blocky) {
      if (directive.rest != "{") {
        return fail_at(place, fmt::format("'{}' without a block", directive.name),
                       fmt::format("usage: {} {{, lines, and }} on a line by itself",
                                   directive.name));
      }
      directive.rest.clear();
      PC_RETURN_IF_ERROR(read_block(lines, indentation(line), place, directive));
    }
    directives.push_back(std::move(directive));
  }
  return directives;
}

std::string without_indentation(std::string_view text) {
  std::optional<std::string_view> common;
  Lines looked(text);
  std::string_view line;
  while (looked.next(line)) {
    if (trimmed(line).empty()) {
      continue;
    }
    const std::string_view indent = indentation(line);
    if (!common) {
      common = indent;
      continue;
    }
    const auto differs =
        std::mismatch(common->begin(), common->end(), indent.begin(), indent.end());
    common = common->substr(0, static_cast<std::size_t>(differs.first - common->begin()));
  }
  std::string result;
  Lines lines(text);
  while (lines.next(line)) {
    if (!trimmed(line).empty()) {
      result += line.substr(common->size());
    }
    result += '\n';
  }
  return result;
}

std::string indented(std::string_view text) {
  std::string result;
  Lines lines(text);
  std::string_view line;
  while (lines.next(line)) {
    result += fmt::format("{}{}\n", line.empty() ? "" : "  ", line);
  }
  return result;
}

}  // namespace powercut
