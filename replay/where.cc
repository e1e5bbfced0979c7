// SPDX-License-Identifier: GPL-2.0-only

#include "replay/where.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

namespace powercut {

namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  return value;
}

std::string mark_names(const Timeline& timeline) {
  constexpr std::size_t kShown = 20;
  std::string names;
  std::size_t shown = 0;
  for (const Mark& mark : timeline.marks()) {
    if (shown++ == kShown) {
      names += fmt::format(", ... ({} in all)", timeline.marks().size());
      break;
    }
    names += (names.empty() ? "" : ", ") + mark.text;
  }
  return names.empty() ? "the log has no marks" : "the log has the marks " + names;
}

Result<Cut> find_mark(const Timeline& timeline, const std::string& name) {
  for (const Mark& mark : timeline.marks()) {
    if (mark.text == name) {
      return mark.at + 1;
    }
  }
  std::size_t hash = name.rfind('#');
  if (hash != std::string::npos) {
    std::optional<std::uint64_t> wanted =
        parse_number(std::string_view(name).substr(hash + 1));
    std::uint64_t seen = 0;
    for (const Mark& mark : timeline.marks()) {
      if (wanted && mark.text == name.substr(0, hash) && ++seen == *wanted) {
        return mark.at + 1;
      }
    }
  }
  return fail(ErrorKind::kUsage, fmt::format("no mark '{}' in this log", name),
              mark_names(timeline));
}

Result<Cut> find_flush(const Timeline& timeline, std::uint64_t number) {
  std::uint64_t seen = 0;
  for (const Flush& flush : timeline.flushes()) {
    if (flush.complete != kNever && ++seen == number) {
      return flush.complete + 1;
    }
  }
  return fail(ErrorKind::kUsage, fmt::format("no flush {} in this log", number),
              fmt::format("it has {} completed flushes, counted from 1", seen));
}

}  // namespace

Result<Cut> find_cut(const Timeline& timeline, const std::string& where) {
  if (where == "start") {
    return Cut{0};
  }
  if (where == "end") {
    return timeline.end();
  }
  std::size_t colon = where.find(':');
  if (colon != std::string::npos) {
    std::string kind = where.substr(0, colon);
    std::string rest = where.substr(colon + 1);
    if (kind == "mark") {
      return find_mark(timeline, rest);
    }
    std::optional<std::uint64_t> number = parse_number(rest);
    if (number && kind == "flush") {
      return find_flush(timeline, *number);
    }
    if (number && (kind == "entry" || kind == "seq")) {
      return timeline.cut_after_seq(*number);
    }
  }
  return fail(ErrorKind::kUsage, fmt::format("'{}' is no place in a log", where),
              "a place is start, end, mark:NAME, flush:N, entry:N or seq:N");
}

}  // namespace powercut
