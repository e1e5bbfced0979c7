// SPDX-License-Identifier: GPL-2.0-only

#include "replay/state_draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace powercut {

namespace {

constexpr const char* kListHint = "`writes` lists the pending writes of this place";

bool parse_number(std::string_view text, std::uint64_t& value) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

bool has(const std::vector<WriteIndex>& sorted, WriteIndex write) {
  return std::binary_search(sorted.begin(), sorted.end(), write);
}

}  // namespace

StateDraft::StateDraft(std::shared_ptr<const StateSpace> space,
                       std::vector<WriteIndex> pending)
    : state_(most_state(std::move(space))), pending_(std::move(pending)) {
  index_variables();
}

StateDraft::StateDraft(CrashState state, std::vector<WriteIndex> pending)
    : state_(std::move(state)), pending_(std::move(pending)) {
  index_variables();
  for (const WriteIndex write : lost()) {
    lost_.insert(write);
  }
}

void StateDraft::index_variables() {
  const StateSpace& space = *state_.space;
  for (Variable v = 0; v < space.variable_count(); ++v) {
    for (std::uint32_t option = 0; option < space.option_count(v); ++option) {
      for (const WriteIndex write : shown(v, option)) {
        if (!has(pending_, write)) {
          continue;  // durable, at the bottom of a choice
        }
        std::vector<Variable>& of_write = variables_[write];
        if (of_write.empty() || of_write.back() != v) {
          of_write.push_back(v);
        }
      }
    }
  }
}

// The writes of which an option shows something.
std::vector<WriteIndex> StateDraft::shown(Variable variable, std::uint32_t option) const {
  const StateSpace& space = *state_.space;
  if (space.is_cluster(variable)) {
    const std::span<const WriteIndex> landed = space.cluster_option(variable, option);
    return {landed.begin(), landed.end()};
  }
  if (space.write_of(variable) != kNoWrite) {
    return option == 1 ? std::vector{space.write_of(variable)}
                       : std::vector<WriteIndex>{};
  }
  const Version& version = space.look(space.unit_of(variable)).question->versions[option];
  if (version.kind == Version::Kind::kWrite) {
    return {version.ref};
  }
  std::vector<WriteIndex> writes;
  if (version.kind == Version::Kind::kMixed) {
    for (const WriteIndex write : space.mixed(version.ref)) {
      if (write != kNoWrite) {
        writes.push_back(write);
      }
    }
  }
  return writes;
}

// The newest option without a lost write; of a cluster the one with most writes.
std::uint32_t StateDraft::best_option(Variable variable) const {
  const StateSpace& space = *state_.space;
  const bool cluster = space.is_cluster(variable);
  std::uint32_t best = space.least(variable);
  std::size_t best_size = 0;
  for (std::uint32_t option = 0; option <= space.most(variable); ++option) {
    const std::vector<WriteIndex> writes = shown(variable, option);
    const bool allowed = std::none_of(writes.begin(), writes.end(),
                                      [&](WriteIndex w) { return lost_.contains(w); });
    if (allowed && (!cluster || writes.size() >= best_size)) {
      best = option;
      best_size = writes.size();
    }
  }
  return best;
}

bool StateDraft::misses(Variable variable, WriteIndex write) const {
  const StateSpace& space = *state_.space;
  const std::uint32_t chosen = state_.options[variable];
  const std::vector<WriteIndex> here = shown(variable, chosen);
  if (std::find(here.begin(), here.end(), write) != here.end()) {
    return false;
  }
  if (space.is_cluster(variable) || space.write_of(variable) != kNoWrite) {
    return true;
  }
  // A newer version of the unit than the write's hides it; garbage does not replace it.
  const bool garbage = chosen > space.most(variable);
  for (std::uint32_t option = garbage ? 0 : chosen + 1;
       option < space.option_count(variable); ++option) {
    const std::vector<WriteIndex> writes = shown(variable, option);
    if (std::find(writes.begin(), writes.end(), write) != writes.end()) {
      return true;
    }
  }
  return false;
}

std::vector<WriteIndex> StateDraft::lost() const {
  std::vector<WriteIndex> result;
  for (const auto& [write, variables] : variables_) {
    if (std::any_of(variables.begin(), variables.end(),
                    [&, lost = write](Variable v) { return misses(v, lost); })) {
      result.push_back(write);
    }
  }
  return result;
}

Status StateDraft::check(const std::vector<WriteIndex>& writes) const {
  const Timeline& timeline = state_.space->recording().timeline();
  for (const WriteIndex write : writes) {
    if (is_choice(write)) {
      continue;
    }
    const std::uint64_t seq = timeline.seq_of(timeline.write(write));
    if (has(pending_, write)) {
      return fail(ErrorKind::kUsage,
                  fmt::format("write {} is pending, but no state shows it", seq),
                  "something durable lies over all of it");
    }
    const bool later = timeline.write(write).submit >= state_.space->cut();
    return fail(ErrorKind::kUsage,
                fmt::format("write {} is not pending: it {}", seq,
                            later ? "comes later" : "is durable here"),
                kListHint);
  }
  return {};
}

std::set<Variable> StateDraft::variables_of(const std::vector<WriteIndex>& writes) const {
  std::set<Variable> variables;
  for (const WriteIndex write : writes) {
    const std::vector<Variable>& of_write = variables_.at(write);
    variables.insert(of_write.begin(), of_write.end());
  }
  return variables;
}

void StateDraft::choose_again(const std::set<Variable>& variables) {
  for (const Variable v : variables) {
    state_.options[v] = best_option(v);
  }
}

Status StateDraft::drop(const std::vector<WriteIndex>& writes) {
  PC_RETURN_IF_ERROR(check(writes));
  lost_.insert(writes.begin(), writes.end());
  choose_again(variables_of(writes));
  return {};
}

Status StateDraft::keep(const std::vector<WriteIndex>& writes) {
  PC_RETURN_IF_ERROR(check(writes));
  for (const WriteIndex write : writes) {
    lost_.erase(write);
  }
  choose_again(variables_of(writes));
  return {};
}

Status StateDraft::keep_only(const std::vector<WriteIndex>& writes) {
  PC_RETURN_IF_ERROR(check(writes));
  lost_.clear();
  for (const auto& [write, variables] : variables_) {
    lost_.insert(write);
  }
  for (const WriteIndex write : writes) {
    lost_.erase(write);
  }
  for (Variable v = 0; v < state_.options.size(); ++v) {
    state_.options[v] = best_option(v);
  }
  return {};
}

void StateDraft::keep_all() {
  lost_.clear();
  state_ = most_state(state_.space);
}

Result<std::vector<WriteIndex>> writes_named(const Timeline& timeline,
                                             const std::string& name) {
  const std::size_t hash = name.find('#');
  std::uint64_t seq = 0;
  std::uint64_t piece = 0;
  const std::string_view text = name;
  if (!parse_number(text.substr(0, hash), seq) ||
      (hash != std::string::npos && !parse_number(text.substr(hash + 1), piece))) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is no number of a write", name),
                "412, or 412#2 for a piece of one");
  }
  std::vector<WriteIndex> writes;
  WriteIndex index = timeline.write_with_seq(seq);
  for (;
       index < timeline.writes().size() && timeline.seq_of(timeline.write(index)) == seq;
       ++index) {
    writes.push_back(index);
  }
  if (hash != std::string::npos) {
    if (piece == 0 || piece > writes.size()) {
      return fail(ErrorKind::kUsage, fmt::format("there is no piece {}", name),
                  fmt::format("write {} has {}", seq, writes.size()));
    }
    return std::vector{writes[piece - 1]};
  }
  if (writes.empty()) {
    return fail(ErrorKind::kUsage, fmt::format("{} is no write of this log", seq),
                kListHint);
  }
  return writes;
}

}  // namespace powercut
