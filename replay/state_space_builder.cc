// SPDX-License-Identifier: GPL-2.0-only

#include "replay/state_space_builder.h"

#include "replay/landing_orders.h"
#include "replay/sector_outcomes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace powercut {

namespace {

constexpr std::size_t kMaxUnitVariables = std::size_t{1} << 26;

}  // namespace

Result<std::shared_ptr<const StateSpace>> StateSpace::build(
    std::shared_ptr<const Recording> recording,
    std::shared_ptr<const Durability> durability, Cut cut) {
  std::shared_ptr<StateSpace> space(new StateSpace(std::move(recording), cut));
  space->durability_ = std::move(durability);
  space->model_ = space->durability_->model();
  space->unit_bytes_ = unit_bytes_for(space->recording().timeline(), space->model_);
  StateSpaceBuilder builder(*space);
  PC_RETURN_IF_ERROR(builder.run());
  return std::shared_ptr<const StateSpace>(space);
}

Status StateSpaceBuilder::run() {
  if (space_.model_.device == DeviceModel::kOrdered) {
    return {};
  }
  std::vector<WriteIndex> pending =
      space_.durability_->pending(space_.recording().timeline(), space_.cut_);
  PC_RETURN_IF_ERROR(space_.model_.atomic_bytes == 0 ? add_write_variables(pending)
                                                     : add_unit_variables(pending));
  // A product of many small factors: multiply in 64-bit steps.
  std::uint64_t partial = 1;
  for (std::uint32_t options : space_.option_counts_) {
    partial *= options;
    if (partial >> 32 != 0) {
      space_.state_count_ *= partial;
      partial = 1;
    }
  }
  space_.state_count_ *= partial;
  return {};
}

std::uint64_t StateSpaceBuilder::first_unit(const Write& write) const {
  return write.offset_bytes / space_.unit_bytes_;
}

std::uint64_t StateSpaceBuilder::end_unit(const Write& write) const {
  return (write.end_bytes() + space_.unit_bytes_ - 1) / space_.unit_bytes_;
}

void StateSpaceBuilder::add_variable(StateSpace::Subject subject, std::uint32_t options) {
  space_.subjects_.push_back(subject);
  space_.option_counts_.push_back(options);
}

bool StateSpaceBuilder::visible(WriteIndex index) const {
  const Write& write = space_.recording().timeline().write(index);
  for (std::uint64_t unit = first_unit(write); unit < end_unit(write); ++unit) {
    for (const Candidate& candidate :
         space_.candidates(make_unit(write.device, unit)).list) {
      if (candidate.write == index) {
        return true;
      }
    }
  }
  return false;
}

bool StateSpaceBuilder::meet(WriteIndex a, WriteIndex b) const {
  const Write& first = space_.recording().timeline().write(a);
  const Write& second = space_.recording().timeline().write(b);
  std::uint64_t from = std::max(first_unit(first), first_unit(second));
  std::uint64_t to = std::min(end_unit(first), end_unit(second));
  for (std::uint64_t unit = from; unit < to; ++unit) {
    int seen = 0;
    for (const Candidate& candidate :
         space_.candidates(make_unit(first.device, unit)).list) {
      seen += candidate.write == a || candidate.write == b ? 1 : 0;
    }
    if (seen == 2) {
      return true;
    }
  }
  return false;
}

std::vector<StateSpaceBuilder::Edge> StateSpaceBuilder::visible_conflicts() const {
  std::vector<Edge> edges;
  for (const Edge& pair : space_.recording().timeline().concurrent_overlaps()) {
    if (pair.second < space_.submitted_ && !space_.durability_->ignored(pair.first) &&
        !space_.durability_->ignored(pair.second) && meet(pair.first, pair.second)) {
      edges.push_back(pair);
    }
  }
  return edges;
}

Status StateSpaceBuilder::add_write_variables(const std::vector<WriteIndex>& pending) {
  std::vector<Edge> edges = visible_conflicts();
  std::map<WriteIndex, WriteIndex> parent;
  auto root = [&](WriteIndex write) {
    while (parent[write] != write) {
      write = parent[write];
    }
    return write;
  };
  for (const Edge& edge : edges) {
    parent.try_emplace(edge.first, edge.first);
    parent.try_emplace(edge.second, edge.second);
    parent[root(edge.second)] = root(edge.first);
  }
  std::map<WriteIndex, std::vector<WriteIndex>> groups;
  for (const auto& [write, unused] : parent) {
    groups[root(write)].push_back(write);
  }
  for (const auto& [unused, members] : groups) {
    PC_RETURN_IF_ERROR(add_cluster(members, edges));
  }
  bool corrupt = space_.model_.fault.kind == FaultModel::Kind::kCorrupt;
  for (WriteIndex write : pending) {
    if (space_.variable_of_write_.contains(write) || !visible(write)) {
      continue;
    }
    space_.variable_of_write_[write] = static_cast<Variable>(space_.variable_count());
    add_variable({write, 0, StateSpace::kNone}, corrupt ? 3 : 2);
  }
  return {};
}

Status StateSpaceBuilder::add_cluster(const std::vector<WriteIndex>& members,
                                      const std::vector<Edge>& edges) {
  const Timeline& timeline = space_.recording().timeline();
  ConcurrentWrites writes;
  writes.overlaps = edges;
  for (WriteIndex write : members) {
    bool durable = space_.durability_->durable(write, space_.cut_);
    (durable ? writes.durable : writes.pending).push_back(write);
  }
  if (space_.model_.fault.kind == FaultModel::Kind::kCorrupt && !writes.pending.empty()) {
    return fail(ErrorKind::kBadInput,
                fmt::format("writes from entry {} on were in flight together over one "
                            "place: as whole writes with garbage they cannot be counted",
                            timeline.seq_of(timeline.write(members[0]))),
                "with --fault corrupt an atomic unit of the logical block (--atomic 512 "
                "or --atomic 4096) decides them place by place");
  }
  std::optional<std::vector<std::vector<WriteIndex>>> options =
      landing_orders(timeline, writes);
  if (!options) {
    return fail(
        ErrorKind::kBadInput,
        fmt::format("{} writes from entry {} on were in flight together over one place: "
                    "too many orders to count exactly",
                    members.size(), timeline.seq_of(timeline.write(members[0]))),
        "an atomic unit of the logical block (--atomic 512 or --atomic 4096) decides "
        "them "
        "place by place");
  }
  Variable variable = static_cast<Variable>(space_.variable_count());
  for (WriteIndex write : members) {
    space_.variable_of_write_[write] = variable;
  }
  add_variable({members[0], 0, static_cast<std::uint32_t>(space_.clusters_.size())},
               static_cast<std::uint32_t>(options->size()));
  space_.clusters_.push_back({members, std::move(*options)});
  return {};
}

Status StateSpaceBuilder::add_unit_variables(const std::vector<WriteIndex>& pending) {
  const Timeline& timeline = space_.recording().timeline();
  std::set<UnitKey> units;
  auto add_all = [&](const Write& write, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t unit = from; unit < to; ++unit) {
      units.insert(units.end(), make_unit(write.device, unit));
    }
  };
  const auto too_many = [&]() -> Status {
    return fail(ErrorKind::kBadInput,
                fmt::format("more than {} units of {} bytes are pending at one cut",
                            kMaxUnitVariables, space_.unit_bytes_),
                "use a larger unit (--atomic 4096) or whole writes (--atomic write)");
  };
  for (WriteIndex index : pending) {
    const Write& write = timeline.write(index);
    if (units.size() + write.length_bytes / space_.unit_bytes_ > kMaxUnitVariables) {
      return too_many();
    }
    add_all(write, first_unit(write), end_unit(write));
  }
  for (const Edge& pair : timeline.concurrent_overlaps()) {
    if (pair.second < space_.submitted_ && !space_.durability_->ignored(pair.first) &&
        !space_.durability_->ignored(pair.second)) {
      const Write& a = timeline.write(pair.first);
      const Write& b = timeline.write(pair.second);
      const std::uint64_t from = std::max(first_unit(a), first_unit(b));
      const std::uint64_t to = std::min(end_unit(a), end_unit(b));
      if (to > from && units.size() + (to - from) > kMaxUnitVariables) {
        return too_many();
      }
      add_all(a, from, to);
    }
  }
  // Where writes are smaller than a unit, durable ones can differ in order or leave a
  // unit mixed: all of those units get their versions here.
  if (space_.unit_bytes_ > timeline.granularity_bytes()) {
    for (WriteIndex i = 0; i < space_.submitted_; ++i) {
      const Write& write = timeline.write(i);
      if (write.length_bytes == 0 || space_.durability_->ignored(i)) {
        continue;
      }
      std::uint64_t last = end_unit(write) - 1;
      if (write.offset_bytes % space_.unit_bytes_ != 0) {
        units.insert(make_unit(write.device, first_unit(write)));
      }
      if (write.end_bytes() % space_.unit_bytes_ != 0) {
        units.insert(make_unit(write.device, last));
      }
    }
  }
  for (UnitKey unit : units) {
    PC_RETURN_IF_ERROR(add_unit(unit));
  }
  return {};
}

Status StateSpaceBuilder::add_unit(UnitKey unit) {
  PC_ASSIGN_OR_RETURN(std::vector<Version> versions, unit_versions(unit));
  if (versions.size() == 1 && versions[0].kind != Version::Kind::kMixed) {
    return {};
  }
  // A unit with one mixed version is a variable of one option: it counts for nothing.
  space_.variable_of_unit_[unit] = static_cast<Variable>(space_.variable_count());
  add_variable({kNoWrite, unit, StateSpace::kNone},
               static_cast<std::uint32_t>(versions.size()));
  space_.unit_versions_.push_back(std::move(versions));
  return {};
}

Result<std::vector<Version>> StateSpaceBuilder::unit_versions(UnitKey unit) {
  StateSpace::Candidates found = space_.candidates(unit);
  std::vector<Version> versions;
  bool any_pending = false;
  bool all_whole = true;
  for (const Candidate& candidate : found.list) {
    any_pending = any_pending || !candidate.durable;
    all_whole = all_whole && candidate.whole;
  }
  if (all_whole) {
    if (found.base_visible) {
      versions.push_back(Version{});
    }
    for (const Candidate& candidate : found.list) {
      versions.push_back(Version{Version::Kind::kWrite, candidate.write});
    }
  } else {
    PC_ASSIGN_OR_RETURN(versions, mixed_versions(unit, found));
  }
  if (any_pending && space_.model_.fault.kind == FaultModel::Kind::kCorrupt) {
    versions.push_back(Version{Version::Kind::kGarbage, 0});
  }
  return versions;
}

Result<std::vector<Version>> StateSpaceBuilder::mixed_versions(
    UnitKey unit, const StateSpace::Candidates& found) {
  std::vector<PartialWrite> writes;
  for (const Candidate& candidate : found.list) {
    writes.push_back(PartialWrite{candidate.write, candidate.durable});
  }
  std::optional<std::vector<SectorWriters>> outcomes =
      sector_outcomes(space_.recording().timeline(), writes,
                      number_of(unit) * space_.unit_bytes_, space_.unit_bytes_);
  if (!outcomes) {
    return fail(ErrorKind::kBadInput,
                fmt::format("unit {} of {} bytes has more versions than can be counted: "
                            "{} writes of parts of it are undecided",
                            number_of(unit), space_.unit_bytes_, found.list.size()),
                "use a smaller unit: --atomic 512");
  }
  std::vector<Version> versions;
  for (SectorWriters& outcome : *outcomes) {
    bool one_writer = std::adjacent_find(outcome.begin(), outcome.end(),
                                         std::not_equal_to<>()) == outcome.end();
    if (one_writer) {
      versions.push_back(outcome[0] == kNoWrite
                             ? Version{}
                             : Version{Version::Kind::kWrite, outcome[0]});
      continue;
    }
    auto [it, inserted] =
        mixed_ids_.try_emplace(outcome, static_cast<std::uint32_t>(space_.mixed_.size()));
    if (inserted) {
      space_.mixed_.push_back(std::move(outcome));
    }
    versions.push_back(Version{Version::Kind::kMixed, it->second});
  }
  return versions;
}

}  // namespace powercut
