// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/xfs_print.h"

#include <algorithm>
#include <charconv>

namespace powercut {

namespace {

constexpr std::string_view kDigits = "0123456789";

// As C writes numbers: 27, 033, 0x1b; what follows behind a blank is for people.
std::optional<std::uint64_t> to_number(std::string_view text) {
  text = text.substr(0, text.find(' '));
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end != 0) {
      parts.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return parts;
}

// "[a,b]" as its parts; a text without brackets is one part.
std::vector<std::string_view> bracketed(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') {
    return {text};
  }
  return split(text.substr(1, text.size() - 2), ',');
}

// "1:[10,6] 2:[24,8]", "1:75 2:813"; and "1-5:null" for several that are equal, of which
// none is of use.
void add_rows(std::string_view text, XfsTable& table) {
  for (const std::string_view word : split(text, ' ')) {
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos || word.find_first_not_of(kDigits) != colon) {
      continue;
    }
    std::vector<std::uint64_t> row;
    bool whole = true;
    for (const std::string_view value : bracketed(word.substr(colon + 1))) {
      const std::optional<std::uint64_t> number = to_number(value);
      whole = whole && number;
      row.push_back(number.value_or(0));
    }
    const std::size_t expected = std::max<std::size_t>(1, table.columns.size());
    if (whole && row.size() == expected) {
      table.numbers.push_back(to_number(word.substr(0, colon)).value_or(0));
      table.rows.push_back(std::move(row));
    }
  }
}

// Whether "name[1-2]" is an array as a whole; then `name` loses what is in brackets,
// which comes back. Of "list[0].name" the brackets are not at the end.
std::optional<std::string> take_brackets(std::string& name) {
  const std::size_t open = name.rfind('[');
  if (name.empty() || name.back() != ']' || open == std::string::npos) {
    return std::nullopt;
  }
  std::string within = name.substr(open + 1, name.size() - open - 2);
  name.resize(open);
  return within;
}

}  // namespace

std::optional<std::size_t> XfsTable::column(std::string_view name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - columns.begin());
}

XfsPrint XfsPrint::parse(std::string_view text) {
  XfsPrint print;
  XfsTable* open = nullptr;  // whose rows follow
  for (const std::string_view line : split(text, '\n')) {
    if (kDigits.find(line.front()) != std::string_view::npos) {
      if (open != nullptr) {
        add_rows(line, *open);
      }
      continue;
    }
    open = nullptr;
    const std::size_t equals = line.find(" = ");
    if (equals == std::string_view::npos) {
      continue;
    }
    std::string name(line.substr(0, equals));
    std::string_view value = line.substr(equals + 3);
    const std::optional<std::string> within = take_brackets(name);
    if (!within) {
      print.values_.emplace_back(name, value);
      print.by_name_.try_emplace(std::move(name), value);
      continue;
    }
    const auto [table, is_new] = print.tables_.try_emplace(name);
    if (!is_new) {
      continue;
    }
    open = &table->second;
    value = value.substr(0, value.find_last_not_of(' ') + 1);
    if (value.starts_with('[')) {
      for (const std::string_view column : bracketed(value)) {
        open->columns.emplace_back(column);
      }
    } else if (value.find(':') == std::string_view::npos) {
      add_rows(*within + ":" + std::string(value), *open);  // "ptrs[1] = 75"
    } else {
      add_rows(value, *open);
    }
  }
  return print;
}

std::optional<std::uint64_t> XfsPrint::number(const std::string& field) const {
  const auto found = by_name_.find(field);
  return found == by_name_.end() ? std::nullopt : to_number(found->second);
}

std::uint64_t XfsPrint::number_or(const std::string& field,
                                  std::uint64_t otherwise) const {
  return number(field).value_or(otherwise);
}

const XfsTable* XfsPrint::table(const std::string& field) const {
  const auto found = tables_.find(field);
  return found == tables_.end() ? nullptr : &found->second;
}

// Of "du[2].inumber", "du[2].namelen" and "du[2].name", in this order or another.
std::vector<XfsEntry> XfsPrint::entries() const {
  std::vector<XfsEntry> entries;
  for (const auto& [field, value] : values_) {
    constexpr std::string_view kName = "].name";
    if (!field.ends_with(kName)) {
      continue;
    }
    const std::string entry = field.substr(0, field.size() - kName.size() + 1);
    std::optional<std::uint64_t> inode;
    for (const char* const form : {".inumber", ".inumber.i4", ".inumber.i8"}) {
      inode = inode ? inode : number(entry + form);
    }
    const std::optional<std::uint64_t> length = number(entry + ".namelen");
    std::optional<std::string> name = unquote_xfs(value);
    if (inode && name && length == name->size() && *name != "." && *name != "..") {
      entries.push_back({*inode, std::move(*name)});
    }
  }
  return entries;
}

// xfs_db writes the controls from BEL to CR as \a to \g (not as C does), and what does
// not print as three octal digits.
std::optional<std::string> unquote_xfs(std::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') {
    return std::nullopt;
  }
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes.push_back(text[i]);
      continue;
    }
    ++i;
    const char c = i < text.size() ? text[i] : '\0';
    if (c == '"' || c == '\\') {
      bytes.push_back(c);
    } else if (c >= 'a' && c <= 'g') {
      bytes.push_back(static_cast<char>(c - 'a' + '\a'));
    } else if (c >= '0' && c <= '3' && i + 2 < text.size()) {
      const std::optional<std::uint64_t> code =
          to_number("0" + std::string(text.substr(i, 3)));
      if (!code) {
        return std::nullopt;
      }
      bytes.push_back(static_cast<char>(*code));
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return bytes;
}

}  // namespace powercut
