// SPDX-License-Identifier: GPL-2.0-only

#include "cli/log_tree.h"

#include "cli/file_name.h"
#include "cli/log_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace powercut {

namespace {

constexpr std::size_t kLongestName = 255;

// A number as it is listed: "7", not "07" or "+7".
std::optional<std::uint64_t> number_in(const std::string& name) {
  std::uint64_t value = 0;
  const char* const end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data(), end, value);
  if (error != std::errc() || stopped != end || fmt::format("{}", value) != name) {
    return std::nullopt;
  }
  return value;
}

// As state_from_id() reads them, and short enough for a listing.
bool is_usual(const std::string& name) {
  constexpr const char* kUsual = "abcdefghijklmnopqrstuvwxyz0123456789.+-~:=#@";
  return name.size() <= kLongestName &&
         name.find_first_not_of(kUsual) == std::string::npos;
}

// A file of findings may be of anybody, and an id of a thousand exceptions is no name.
// What is unusual cannot be taken for what is usual: it keeps a byte that makes it so,
// or has a '%'.
std::vector<std::string> names_of(const std::vector<NamedState>& states) {
  std::vector<std::string> names;
  for (const NamedState& state : states) {
    names.push_back(name_of(state));
  }
  std::vector<std::string_view> unusual;
  for (const std::string& name : names) {
    if (!is_usual(name)) {
      unusual.emplace_back(name);
    }
  }
  const std::vector<std::string> encoded = file_names_of(unusual);
  std::vector<std::string>::const_iterator next = encoded.begin();
  for (std::string& name : names) {
    if (!is_usual(name)) {
      name = *next++;
    }
  }
  return names;
}

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

}  // namespace

LogTree::LogTree(std::shared_ptr<const Recording> recording, const CrashModel& model)
    : recording_(std::move(recording)),
      model_(model),
      sources_(recording_),
      root_names_{"start", "end"} {
  const Timeline& timeline = recording_->timeline();
  std::vector<std::string> flush_names;
  for (const Flush& flush : timeline.flushes()) {
    if (flush.complete != kNever) {
      flushes_.push_back(flush.complete + 1);
      flush_names.push_back(fmt::format("{}", flushes_.size()));
    }
  }
  add_directory("flush", std::move(flush_names));
  std::vector<std::string_view> texts;
  for (const Mark& mark : timeline.marks()) {
    texts.emplace_back(mark.text);
  }
  std::vector<std::string> mark_names = file_names_of(texts);
  for (std::size_t i = 0; i < mark_names.size(); ++i) {
    marks_[mark_names[i]] = timeline.marks()[i].at + 1;
  }
  add_directory("mark", std::move(mark_names));
  for (const char* unlisted : {"entry", "seq", "state"}) {
    add_directory(unlisted, {});
  }
  for (std::size_t d = 0; d < recording_->device_count(); ++d) {
    disk_names_.push_back(fmt::format("disk{}", d));
  }
}

void LogTree::add_directory(const std::string& name, std::vector<std::string> names) {
  root_names_.push_back(name);
  directories_[name] = std::move(names);
}

Result<std::unique_ptr<LogTree>> LogTree::make(
    std::shared_ptr<const Recording> recording, const CrashModel& model,
    const std::optional<std::vector<NamedState>>& findings) {
  std::unique_ptr<LogTree> tree(new LogTree(std::move(recording), model));
  if (findings) {
    PC_RETURN_IF_ERROR(tree->add_findings(*findings));
  }
  return tree;
}

// Only the beginning of an id is looked at here, the rest when the file is opened: a
// listing builds no state.
Status LogTree::add_findings(const std::vector<NamedState>& findings) {
  std::set<std::string> seen;
  std::vector<NamedState> states;
  for (const NamedState& finding : findings) {
    PC_RETURN_IF_ERROR(parse_state_head(finding.id, recording_->timeline().end()));
    if (seen.insert(name_of(finding)).second) {
      states.push_back(finding);
    }
  }
  std::vector<std::string> names = names_of(states);
  for (std::size_t i = 0; i < names.size(); ++i) {
    findings_.emplace(names[i], states[i]);
  }
  add_directory("finding", std::move(names));
  return {};
}

std::optional<LogTree::Instant> LogTree::instant(const std::string& directory,
                                                 const std::string& name) const {
  if (directory == "mark") {
    const auto mark = marks_.find(name);
    return mark == marks_.end() ? std::nullopt : std::optional<Instant>(mark->second);
  }
  if (directory == "finding") {
    const auto finding = findings_.find(name);
    return finding == findings_.end() ? std::nullopt
                                      : std::optional<Instant>(finding->second);
  }
  if (directory == "state") {
    NamedState state{name, model_};
    return sources_.open(state, 0) ? std::optional<Instant>(std::move(state))
                                   : std::nullopt;
  }
  const std::optional<std::uint64_t> number = number_in(name);
  if (!number) {
    return std::nullopt;
  }
  if (directory == "flush") {
    return *number == 0 || *number > flushes_.size()
               ? std::nullopt
               : std::optional<Instant>(flushes_[*number - 1]);
  }
  const Result<Cut> cut = recording_->timeline().cut_after_seq(*number);
  return cut ? std::optional<Instant>(*cut) : std::nullopt;
}

std::optional<LogTree::Place> LogTree::place(const std::string& path) const {
  const std::vector<std::string> parts = split(path);
  if (parts.empty()) {
    return Place{&root_names_, {}, {}};
  }
  Place found;
  std::size_t used = 1;
  if (parts[0] == "start" || parts[0] == "end") {
    found.instant = parts[0] == "start" ? Cut{0} : recording_->timeline().end();
  } else {
    const auto directory = directories_.find(parts[0]);
    if (directory == directories_.end()) {
      return std::nullopt;
    }
    if (parts.size() == 1) {
      return Place{&directory->second, {}, {}};
    }
    found.instant = instant(parts[0], parts[1]);
    used = 2;
  }
  if (!found.instant) {
    return std::nullopt;
  }
  const bool single = disk_names_.size() == 1;
  if (parts.size() == used) {
    found.names = single ? nullptr : &disk_names_;
    found.device = single ? std::optional<std::uint16_t>(0) : std::nullopt;
    return found;
  }
  const auto disk = std::ranges::find(disk_names_, parts[used]);
  if (single || parts.size() != used + 1 || disk == disk_names_.end()) {
    return std::nullopt;
  }
  found.device = static_cast<std::uint16_t>(disk - disk_names_.begin());
  return found;
}

std::optional<InstantEntry> LogTree::find(const std::string& path) const {
  const std::optional<Place> found = place(path);
  if (!found) {
    return std::nullopt;
  }
  return found->device ? InstantEntry{false, recording_->size_bytes(*found->device)}
                       : InstantEntry{true, 0};
}

std::size_t LogTree::listed_count(const std::string& directory) const {
  const std::optional<Place> found = place(directory);
  return found && found->names != nullptr ? found->names->size() : 0;
}

std::string LogTree::listed_name(const std::string& directory, std::size_t index) const {
  const std::optional<Place> found = place(directory);
  return found && found->names != nullptr ? found->names->at(index) : std::string();
}

Result<std::shared_ptr<const BlockSource>> LogTree::source(
    const std::string& path) const {
  const std::optional<Place> found = place(path);
  if (!found || !found->device) {
    return fail(ErrorKind::kUsage, fmt::format("no disk is called {}", path));
  }
  if (const Cut* cut = std::get_if<Cut>(&*found->instant)) {
    return sources_.open(*cut, *found->device);
  }
  Result<std::shared_ptr<const BlockSource>> source =
      sources_.open(std::get<NamedState>(*found->instant), *found->device);
  if (!source) {
    // Who opens the file learns no more than that it failed.
    warn(fmt::format("cannot serve {}: {}", path, source.error().message));
  }
  return source;
}

}  // namespace powercut
