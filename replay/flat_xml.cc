// SPDX-License-Identifier: GPL-2.0-only

#include "replay/flat_xml.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";
// Deeper than any list of those tools; bounds what hostile input can make us keep.
constexpr std::size_t kMostDepth = 8;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         c == '_' || c == '-';
}

// The beginning of a text, fit for a message.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 20;
  std::string out;
  for (const char c : text.substr(0, kMost)) {
    if (c == '\n') {
      break;
    }
    out += c >= ' ' && c <= '~' ? c : '?';
  }
  return out;
}

}  // namespace

void FlatXml::advance(std::size_t count) {
  line_ += static_cast<std::size_t>(std::count(
      rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(count), '\n'));
  rest_.remove_prefix(count);
}

void FlatXml::skip_blanks() {
  advance(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
}

Result<std::string_view> FlatXml::read_name(std::string_view what) {
  std::size_t length = 0;
  while (length < rest_.size() && is_name(rest_[length])) {
    ++length;
  }
  if (length == 0) {
    return bad_line(options_, line_,
                    fmt::format("no name of {} in front of '{}'", what, shown(rest_)),
                    "a tag is <name attribute=\"1\"/>, <name> or </name>");
  }
  const std::string_view name = rest_.substr(0, length);
  advance(length);
  return name;
}

Status FlatXml::read_attributes(XmlTag& tag) {
  for (;;) {
    skip_blanks();
    if (rest_.starts_with("/>") && !tag.closing) {
      tag.empty = true;
      advance(2);
      return {};
    }
    if (rest_.starts_with(">")) {
      advance(1);
      return {};
    }
    if (rest_.empty() || tag.closing) {
      return bad_line(options_, tag.line,
                      fmt::format("the tag {} does not end", tag.name),
                      "a tag ends with > or />");
    }
    PC_ASSIGN_OR_RETURN(std::string_view name, read_name("an attribute"));
    skip_blanks();
    const bool equals = rest_.starts_with("=");
    advance(equals ? 1 : 0);
    skip_blanks();
    const bool quote = rest_.starts_with("\"") || rest_.starts_with("'");
    const std::size_t end = quote ? rest_.find(rest_.front(), 1) : std::string_view::npos;
    if (!equals || end == std::string_view::npos) {
      return bad_line(options_, line_,
                      fmt::format("the attribute {} of {} has no value", name, tag.name),
                      "an attribute is name=\"value\"");
    }
    for (const std::pair<std::string_view, std::string_view>& other : tag.attributes) {
      if (other.first == name) {
        return bad_line(options_, line_,
                        fmt::format("{} has the attribute {} twice", tag.name, name),
                        "an attribute is given once");
      }
    }
    tag.attributes.emplace_back(name, rest_.substr(1, end - 1));
    advance(end + 1);
  }
}

// Of a tag: is it where one may be? Keeps the elements that are open.
Status FlatXml::nest(XmlTag& tag) {
  if (tag.closing) {
    if (open_.empty() || open_.back() != tag.name) {
      return bad_line(options_, tag.line, fmt::format("</{}> closes nothing", tag.name),
                      open_.empty() ? "no element is open here"
                                    : fmt::format("</{}> is expected", open_.back()));
    }
    open_.pop_back();
  }
  tag.depth = open_.size();
  tag.parent = open_.empty() ? std::string_view() : open_.back();
  if (tag.closing) {
    return {};
  }
  if (open_.empty() && root_seen_) {
    return bad_line(options_, tag.line, fmt::format("<{}> behind the end", tag.name),
                    "a list is one element, and nothing follows it: is it two lists?");
  }
  root_seen_ = true;
  if (!tag.empty) {
    open_.push_back(tag.name);
    if (open_.size() > kMostDepth) {
      return bad_line(options_, tag.line,
                      fmt::format("<{}> is nested too deep", tag.name),
                      fmt::format("a list has at most {} levels", kMostDepth));
    }
  }
  return {};
}

Result<std::optional<XmlTag>> FlatXml::next() {
  skip_blanks();
  if (rest_.empty()) {
    if (!open_.empty()) {
      return bad_line(options_, line_, fmt::format("<{}> is not closed", open_.back()),
                      fmt::format("</{}> is expected: is the list cut?", open_.back()));
    }
    return std::optional<XmlTag>();
  }
  if (!rest_.starts_with("<")) {
    return bad_line(options_, line_, fmt::format("'{}' is no tag", shown(rest_)),
                    "a list in XML has tags and nothing between them");
  }
  XmlTag tag;
  tag.line = line_;
  advance(1);
  tag.closing = rest_.starts_with("/");
  advance(tag.closing ? 1 : 0);
  PC_ASSIGN_OR_RETURN(tag.name, read_name("a tag"));
  PC_RETURN_IF_ERROR(read_attributes(tag));
  PC_RETURN_IF_ERROR(nest(tag));
  return std::optional<XmlTag>(std::move(tag));
}

Result<std::uint64_t> FlatXml::number(const XmlTag& tag,
                                      std::string_view attribute) const {
  for (const std::pair<std::string_view, std::string_view>& given : tag.attributes) {
    if (given.first != attribute) {
      continue;
    }
    const std::optional<std::uint64_t> value = parse_count(given.second);
    if (!value) {
      return bad_line(options_, tag.line,
                      fmt::format("{}=\"{}\" of <{}> is no number", attribute,
                                  shown(given.second), tag.name),
                      fmt::format("{}=\"N\", a number of blocks from 0 on", attribute));
    }
    return *value;
  }
  return bad_line(options_, tag.line, fmt::format("<{}> without {}", tag.name, attribute),
                  fmt::format("<{} ... {}=\"N\" ...>", tag.name, attribute));
}

}  // namespace powercut
