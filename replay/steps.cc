// SPDX-License-Identifier: GPL-2.0-only

#include "replay/steps.h"

#include "replay/where.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace powercut {

namespace {

constexpr std::uint64_t kSecond = 1000000000;

bool parse_number(std::string_view text, std::uint64_t& value) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

// "1.25", "1.25s", "20ms", "7us" in nanoseconds. No floating point: what `writes` prints
// must lead back to where it was printed.
bool parse_time(std::string_view text, std::uint64_t& nanoseconds) {
  std::uint64_t unit = kSecond;
  for (const auto& [suffix, value] :
       {std::pair{std::string_view("ms"), kSecond / 1000},
        std::pair{std::string_view("us"), kSecond / 1000000},
        std::pair{std::string_view("ns"), std::uint64_t{1}},
        std::pair{std::string_view("s"), kSecond}}) {
    if (text.ends_with(suffix)) {
      unit = value;
      text.remove_suffix(suffix.size());
      break;
    }
  }
  constexpr std::uint64_t kMostSeconds = 1000000000;
  const std::size_t dot = text.find('.');
  std::uint64_t whole = 0;
  if (!parse_number(text.substr(0, dot), whole) || whole > kMostSeconds) {
    return false;
  }
  nanoseconds = whole * unit;
  if (dot == std::string_view::npos) {
    return true;
  }
  const std::string_view digits = text.substr(dot + 1);
  for (const char c : digits) {
    if (c < '0' || c > '9') {
      return false;
    }
    unit /= 10;
    nanoseconds += unit * static_cast<std::uint64_t>(c - '0');
  }
  return !digits.empty();
}

template <class Item, class CutOf>
std::optional<Cut> first_behind(const std::vector<Item>& items, Cut cut, CutOf cut_of) {
  const auto it = std::partition_point(
      items.begin(), items.end(), [&](const Item& item) { return cut_of(item) <= cut; });
  return it == items.end() ? std::nullopt : std::optional<Cut>(cut_of(*it));
}

template <class Item, class CutOf>
std::optional<Cut> last_before(const std::vector<Item>& items, Cut cut, CutOf cut_of) {
  const auto it = std::partition_point(
      items.begin(), items.end(), [&](const Item& item) { return cut_of(item) < cut; });
  return it == items.begin() ? std::nullopt : std::optional<Cut>(cut_of(*(it - 1)));
}

constexpr auto kOfPair = [](const auto& item) { return item.first; };
constexpr auto kItself = [](Cut cut) { return cut; };

}  // namespace

Result<StepKind> parse_step_kind(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, StepKind>, 5> kKinds = {{
      {"event", StepKind::kEvent},
      {"write", StepKind::kWrite},
      {"fua", StepKind::kFua},
      {"flush", StepKind::kFlush},
      {"mark", StepKind::kMark},
  }};
  for (const auto& [name, kind] : kKinds) {
    if (text == name) {
      return kind;
    }
  }
  return fail(ErrorKind::kUsage, fmt::format("'{}' is nothing to step to", text),
              "it is flush, fua, mark, write or event");
}

Steps::Steps(const Timeline& timeline) : timeline_(timeline) {
  for (const Flush& flush : timeline.flushes()) {
    if (flush.complete != kNever) {
      flush_cuts_.push_back(flush.complete + 1);
      flushes_.emplace_back(flush.complete + 1,
                            static_cast<std::uint32_t>(flush_cuts_.size()));
    }
  }
  std::sort(flushes_.begin(), flushes_.end());
  const std::span<const Mark> marks = timeline.marks();
  for (std::uint32_t i = 0; i < marks.size(); ++i) {
    marks_.emplace_back(marks[i].at + 1, i);
    mark_names_.push_back(i);
  }
  std::sort(marks_.begin(), marks_.end());
  std::stable_sort(
      mark_names_.begin(), mark_names_.end(),
      [&](std::uint32_t a, std::uint32_t b) { return marks[a].text < marks[b].text; });
  for (const Write& write : timeline.writes()) {
    if (write.has(kWriteFua) && write.complete != kNever && !write.has(kWriteFailed)) {
      fuas_.push_back(write.complete + 1);
    }
  }
  std::sort(fuas_.begin(), fuas_.end());
}

std::optional<Cut> Steps::next(StepKind kind, Cut cut) const {
  switch (kind) {
    case StepKind::kEvent:
      break;
    case StepKind::kWrite: {
      const std::span<const Write> writes = timeline_.writes();
      const auto it =
          std::partition_point(writes.begin(), writes.end(),
                               [&](const Write& write) { return write.submit < cut; });
      return it == writes.end() ? std::nullopt : std::optional<Cut>(it->submit + 1);
    }
    case StepKind::kFua:
      return first_behind(fuas_, cut, kItself);
    case StepKind::kFlush:
      return first_behind(flushes_, cut, kOfPair);
    case StepKind::kMark:
      return first_behind(marks_, cut, kOfPair);
  }
  return cut < timeline_.end() ? std::optional<Cut>(cut + 1) : std::nullopt;
}

std::optional<Cut> Steps::previous(StepKind kind, Cut cut) const {
  switch (kind) {
    case StepKind::kEvent:
      break;
    case StepKind::kWrite: {
      const std::span<const Write> writes = timeline_.writes();
      const auto it = std::partition_point(
          writes.begin(), writes.end(),
          [&](const Write& write) { return write.submit + 1 < cut; });
      return it == writes.begin() ? std::nullopt
                                  : std::optional<Cut>((it - 1)->submit + 1);
    }
    case StepKind::kFua:
      return last_before(fuas_, cut, kItself);
    case StepKind::kFlush:
      return last_before(flushes_, cut, kOfPair);
    case StepKind::kMark:
      return last_before(marks_, cut, kOfPair);
  }
  return cut > 0 ? std::optional<Cut>(cut - 1) : std::nullopt;
}

Result<Cut> Steps::find(const std::string& where) const {
  if (where.starts_with("time:")) {
    return find_time(where.substr(5));
  }
  if (where.starts_with("flush:")) {
    std::uint64_t number = 0;
    if (parse_number(std::string_view(where).substr(6), number) && number > 0 &&
        number <= flush_cuts_.size()) {
      return flush_cuts_[number - 1];
    }
  }
  if (where.starts_with("mark:")) {
    const std::string_view name = std::string_view(where).substr(5);
    const std::span<const Mark> marks = timeline_.marks();
    const auto it =
        std::partition_point(mark_names_.begin(), mark_names_.end(),
                             [&](std::uint32_t i) { return marks[i].text < name; });
    if (it != mark_names_.end() && marks[*it].text == name) {
      return marks[*it].at + 1;
    }
  }
  return find_cut(timeline_, where);  // the rest, and what to say of what is not there
}

std::size_t Steps::flushes_before(Cut cut) const {
  return static_cast<std::size_t>(
      std::partition_point(flushes_.begin(), flushes_.end(),
                           [&](const Numbered& flush) { return flush.first <= cut; }) -
      flushes_.begin());
}

std::string Steps::name_of(Cut cut) const {
  if (cut == 0) {
    return "start";
  }
  const Numbered wanted{cut, 0};
  if (const auto it = std::lower_bound(flushes_.begin(), flushes_.end(), wanted);
      it != flushes_.end() && it->first == cut) {
    return fmt::format("flush {}", it->second);
  }
  if (const auto it = std::lower_bound(marks_.begin(), marks_.end(), wanted);
      it != marks_.end() && it->first == cut) {
    return "mark " + timeline_.marks()[it->second].text;
  }
  if (cut == timeline_.end()) {
    return "end";
  }
  const std::span<const Write> writes = timeline_.writes();
  const auto it =
      std::partition_point(writes.begin(), writes.end(),
                           [&](const Write& write) { return write.submit + 1 < cut; });
  const std::uint64_t seq = timeline_.seq_at(cut - 1);
  if (it != writes.end() && it->submit + 1 == cut) {
    return fmt::format("write {}", seq);
  }
  const bool entries = timeline_.log().format() == LogFormat::k1;
  return fmt::format("{} {}", entries ? "entry" : "seq", seq);
}

std::optional<std::uint64_t> Steps::clock_at(EventPos pos) const {
  if (timeline_.log().format() == LogFormat::k1 || pos >= timeline_.end()) {
    return std::nullopt;
  }
  std::uint64_t time = 0;
  timeline_.log().visit_from(pos, [&](const Event& event) {
    time = event.time_ns;
    return Visit::kStop;
  });
  return time == 0 ? std::nullopt : std::optional(time);
}

std::optional<std::uint64_t> Steps::time_of(EventPos pos) const {
  const std::optional<std::uint64_t> first = clock_at(0);
  const std::optional<std::uint64_t> then = clock_at(pos);
  if (!first || !then) {
    return std::nullopt;
  }
  return *then - std::min(*first, *then);
}

Result<Cut> Steps::find_time(const std::string& seconds) const {
  std::uint64_t wanted = 0;
  if (!parse_time(seconds, wanted)) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is no time", seconds),
                "a time is one since the first event: 1.25, 1.25s or 20ms");
  }
  if (!clock_at(0)) {
    return fail(ErrorKind::kUsage, "this log has no times",
                "go to a flush, a mark or an entry");
  }
  Cut low = 0;
  Cut high = timeline_.end();
  while (low < high) {
    const Cut middle = low + (high - low) / 2;
    if (time_of(middle).value_or(0) <= wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace powercut
