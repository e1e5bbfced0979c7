// SPDX-License-Identifier: GPL-2.0-only

#include "replay/state_space_builder.h"

#include "base/ensure.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace powercut {

namespace {

constexpr std::size_t kMaxClusterMembers = 10;
constexpr std::size_t kMaxClusterOptions = 4096;
constexpr std::size_t kMaxClusterSteps = 1U << 20;
constexpr std::size_t kMaxMixedWrites = 20;
constexpr std::size_t kMaxMixedVersions = 4096;
constexpr std::size_t kMaxUnitVariables = std::size_t{1} << 26;
constexpr std::uint32_t kSectorBytes = 512;

}  // namespace

Result<std::shared_ptr<const StateSpace>> StateSpace::build(
    std::shared_ptr<const Recording> recording,
    std::shared_ptr<const Durability> durability, Cut cut) {
  std::shared_ptr<StateSpace> space(new StateSpace(std::move(recording), cut));
  space->durability_ = std::move(durability);
  space->model_ = space->durability_->model();
  if (space->model_.atomic_bytes != 0) {
    space->unit_bytes_ = space->model_.atomic_bytes;
  }
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

// The options of writes that were in flight together over one place: every subset of the
// pending ones, with the durable ones, in every order that differs where they overlap.
Status StateSpaceBuilder::add_cluster(const std::vector<WriteIndex>& members,
                                      const std::vector<Edge>& edges) {
  const Timeline& timeline = space_.recording().timeline();
  auto refuse = [&] {
    return fail(ErrorKind::kBadInput,
                fmt::format("{} writes from entry {} on were in flight together over one "
                            "place: too many orders to count exactly",
                            members.size(), timeline.seq_of(timeline.write(members[0]))),
                "an atomic unit of the logical block (--atomic 512 or --atomic 4096) "
                "decides them place by place");
  };
  if (members.size() > kMaxClusterMembers) {
    return refuse();
  }
  std::vector<std::vector<WriteIndex>> options;
  std::set<std::pair<std::vector<WriteIndex>, std::vector<bool>>> seen;
  std::vector<WriteIndex> landed;
  std::size_t steps = 0;
  auto record = [&] {
    std::vector<bool> orientation;
    auto place = [&](WriteIndex write) {
      return std::find(landed.begin(), landed.end(), write) - landed.begin();
    };
    for (const Edge& edge : edges) {
      orientation.push_back(place(edge.first) < place(edge.second));
    }
    std::vector<WriteIndex> subset = landed;
    std::sort(subset.begin(), subset.end());
    if (seen.emplace(std::move(subset), std::move(orientation)).second) {
      options.push_back(landed);
    }
  };
  auto extend = [&](auto& self, std::vector<WriteIndex> rest) -> bool {
    if (++steps > kMaxClusterSteps || options.size() > kMaxClusterOptions) {
      return false;
    }
    if (rest.empty()) {
      record();
      return true;
    }
    for (WriteIndex next : rest) {
      bool first = std::none_of(rest.begin(), rest.end(), [&](WriteIndex other) {
        return other != next && timeline.ordered_before(other, next);
      });
      if (!first) {
        continue;
      }
      std::vector<WriteIndex> left = rest;
      std::erase(left, next);
      landed.push_back(next);
      bool fits = self(self, left);
      landed.pop_back();
      if (!fits) {
        return false;
      }
    }
    return true;
  };
  std::vector<WriteIndex> durable;
  std::vector<WriteIndex> pending;
  for (WriteIndex write : members) {
    (space_.durability_->durable(write, space_.cut_) ? durable : pending)
        .push_back(write);
  }
  for (std::size_t mask = 0; mask < std::size_t{1} << pending.size(); ++mask) {
    std::vector<WriteIndex> chosen = durable;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      if ((mask >> i & 1) != 0) {
        chosen.push_back(pending[i]);
      }
    }
    if (!extend(extend, chosen)) {
      return refuse();
    }
  }
  std::stable_sort(options.begin(), options.end(),
                   [](const auto& a, const auto& b) { return a.size() < b.size(); });
  Variable variable = static_cast<Variable>(space_.variable_count());
  for (WriteIndex write : members) {
    space_.variable_of_write_[write] = variable;
  }
  add_variable({members[0], 0, static_cast<std::uint32_t>(space_.clusters_.size())},
               static_cast<std::uint32_t>(options.size()));
  space_.clusters_.push_back({members, std::move(options)});
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
  for (WriteIndex index : pending) {
    const Write& write = timeline.write(index);
    if (units.size() + write.length_bytes / space_.unit_bytes_ > kMaxUnitVariables) {
      return fail(ErrorKind::kBadInput,
                  fmt::format("more than {} units of {} bytes are pending at one cut",
                              kMaxUnitVariables, space_.unit_bytes_),
                  "use a larger unit (--atomic 4096) or whole writes (--atomic write)");
    }
    add_all(write, first_unit(write), end_unit(write));
  }
  for (const Edge& pair : timeline.concurrent_overlaps()) {
    if (pair.second < space_.submitted_) {
      const Write& a = timeline.write(pair.first);
      const Write& b = timeline.write(pair.second);
      add_all(a, std::max(first_unit(a), first_unit(b)),
              std::min(end_unit(a), end_unit(b)));
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

// Writes that cover only part of the unit: the outcomes of every subset in every
// permitted order, told apart by the writer of each sector.
Result<std::vector<Version>> StateSpaceBuilder::mixed_versions(
    UnitKey unit, const StateSpace::Candidates& found) {
  const Timeline& timeline = space_.recording().timeline();
  auto refuse = [&] {
    return fail(
        ErrorKind::kBadInput,
        fmt::format("unit {} of {} bytes has more versions than can be counted: {} "
                    "writes of parts of it are undecided",
                    number_of(unit), space_.unit_bytes_, found.list.size()),
        "use a smaller unit: --atomic 512");
  };
  if (found.list.size() > kMaxMixedWrites) {
    return refuse();
  }
  std::size_t sectors = space_.unit_bytes_ / kSectorBytes;
  std::uint64_t begin = number_of(unit) * space_.unit_bytes_;
  using Outcome = std::vector<WriteIndex>;
  std::set<std::pair<std::uint32_t, Outcome>> visited;
  std::set<Outcome> outcomes;
  auto go = [&](auto& self, std::uint32_t rest, const Outcome& now) -> bool {
    if (visited.size() > kMaxMixedVersions * 16 || outcomes.size() > kMaxMixedVersions) {
      return false;
    }
    if (!visited.emplace(rest, now).second) {
      return true;
    }
    if (rest == 0) {
      outcomes.insert(now);
      return true;
    }
    for (std::size_t i = 0; i < found.list.size(); ++i) {
      if ((rest >> i & 1) == 0) {
        continue;
      }
      bool first = true;
      for (std::size_t j = 0; j < found.list.size(); ++j) {
        first =
            first && (j == i || (rest >> j & 1) == 0 ||
                      !timeline.ordered_before(found.list[j].write, found.list[i].write));
      }
      if (!first) {
        continue;
      }
      std::uint32_t left = rest & ~(std::uint32_t{1} << i);
      if (!found.list[i].durable && !self(self, left, now)) {
        return false;
      }
      Outcome then = now;
      const Write& write = timeline.write(found.list[i].write);
      for (std::size_t s = 0; s < sectors; ++s) {
        std::uint64_t at = begin + s * kSectorBytes;
        if (at >= write.offset_bytes && at < write.end_bytes()) {
          then[s] = found.list[i].write;
        }
      }
      if (!self(self, left, then)) {
        return false;
      }
    }
    return true;
  };
  std::uint32_t all =
      static_cast<std::uint32_t>((std::uint64_t{1} << found.list.size()) - 1);
  if (!go(go, all, Outcome(sectors, kNoWrite))) {
    return refuse();
  }
  // Oldest first: by how many sectors come from how new a write; the base counts as -1.
  std::vector<Outcome> sorted(outcomes.begin(), outcomes.end());
  auto age = [](const Outcome& outcome) {
    return std::accumulate(outcome.begin(), outcome.end(), std::uint64_t{0},
                           [](std::uint64_t sum, WriteIndex writer) {
                             return sum +
                                    (writer == kNoWrite ? 0 : std::uint64_t{writer} + 1);
                           });
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Outcome& a, const Outcome& b) { return age(a) < age(b); });
  std::vector<Version> versions;
  for (Outcome& outcome : sorted) {
    auto [it, inserted] =
        mixed_ids_.try_emplace(outcome, static_cast<std::uint32_t>(space_.mixed_.size()));
    if (inserted) {
      space_.mixed_.push_back(outcome);
    }
    bool plain = std::adjacent_find(outcome.begin(), outcome.end(),
                                    std::not_equal_to<>()) == outcome.end();
    if (!plain) {
      versions.push_back(Version{Version::Kind::kMixed, it->second});
    } else if (outcome[0] == kNoWrite) {
      versions.push_back(Version{});
    } else {
      versions.push_back(Version{Version::Kind::kWrite, outcome[0]});
    }
  }
  return versions;
}

}  // namespace powercut
