// SPDX-License-Identifier: GPL-2.0-only

#include "replay/branching.h"

#include "base/ensure.h"

#include <algorithm>
#include <map>

namespace powercut {

StateSet::StateSet(const StateSpace& space)
    : space_(&space), constraint_of_(space.variable_count(), 0) {}

const OptionSet& StateSet::allowed(Variable variable) const {
  std::uint32_t index = constraint_of_[variable];
  if (index != 0) {
    return constraints_[index - 1].allowed;
  }
  std::uint32_t options = space_->option_count(variable);
  if (all_.size() <= options) {
    all_.resize(options + 1);
  }
  if (all_[options] == nullptr) {
    all_[options] = std::make_unique<OptionSet>(OptionSet::all(options));
  }
  return *all_[options];
}

void StateSet::narrow(const Constraint& constraint) {
  Variable v = constraint.variable;
  const OptionSet& before = allowed(v);
  bool could_most = before.has(space_->most(v));
  bool could_least = before.has(space_->least(v));
  std::uint32_t& index = constraint_of_[v];
  if (index == 0) {
    constraints_.push_back(constraint);
    index = static_cast<std::uint32_t>(constraints_.size());
  } else {
    constraints_[index - 1] = constraint;
  }
  lost_ += could_most && !constraint.allowed.has(space_->most(v)) ? 1 : 0;
  kept_ += could_least && !constraint.allowed.has(space_->least(v)) ? 1 : 0;
}

void StateSet::clear() {
  for (const Constraint& constraint : constraints_) {
    constraint_of_[constraint.variable] = 0;
  }
  constraints_.clear();
  lost_ = 0;
  kept_ = 0;
}

BigCount StateSet::count() const {
  BigCount count = space_->state_count();
  for (const Constraint& constraint : constraints_) {
    count /= space_->option_count(constraint.variable);
    count *= constraint.allowed.count();
  }
  return count;
}

std::vector<std::uint32_t> StateSet::member(bool most) const {
  std::vector<std::uint32_t> options(space_->variable_count());
  for (Variable v = 0; v < options.size(); ++v) {
    options[v] = most ? space_->most(v) : space_->least(v);
  }
  for (const Constraint& constraint : constraints_) {
    std::uint32_t& option = options[constraint.variable];
    if (!constraint.allowed.has(option)) {
      option = most ? constraint.allowed.highest() : constraint.allowed.lowest();
    }
  }
  return options;
}

std::vector<std::uint32_t> StateSet::random_member(Random& random) const {
  std::vector<std::uint32_t> options(space_->variable_count());
  for (Variable v = 0; v < options.size(); ++v) {
    const OptionSet& set = allowed(v);
    options[v] = set.nth(static_cast<std::uint32_t>(random.below(set.count())));
  }
  return options;
}

namespace {

// The options of one variable grouped by the content they give the unit.
std::vector<Cube> divide_unit(const StateSpace& space, const UnitContents& contents,
                              const StateSet& set) {
  Variable v = contents.question->variable;
  const OptionSet& allowed = set.allowed(v);
  std::uint32_t options = space.option_count(v);
  std::vector<Cube> cubes;
  for (std::uint32_t option = 0; option < options; ++option) {
    if (!allowed.has(option)) {
      continue;
    }
    ContentId content = contents.ids[option];
    auto same = std::find_if(cubes.begin(), cubes.end(),
                             [&](const Cube& cube) { return cube.content == content; });
    if (same == cubes.end()) {
      cubes.push_back(Cube{content, {Constraint{v, OptionSet(options)}}});
      same = cubes.end() - 1;
    }
    same->constraints[0].allowed.add(option);
  }
  return cubes;
}

// From the newest write down: it shows if it is kept; below it only if it is lost.
std::vector<Cube> divide_chain(const StateSpace& space, const UnitContents& contents,
                               const StateSet& set) {
  const std::vector<UnitQuestion::Link>& links = contents.question->links;
  std::vector<Cube> cubes;
  std::vector<Constraint> above;
  // Links with more than one option whose options other than "lost" all show one
  // content: cubes from such a link down can melt into the one below.
  std::vector<bool> meltable;
  bool reached_bottom = true;
  for (std::size_t i = links.size(); i-- > 0;) {
    Variable v = links[i].variable;
    const OptionSet& allowed = set.allowed(v);
    std::uint32_t options = space.option_count(v);
    std::size_t shown = 0;
    for (std::uint32_t option = 1; option < options; ++option) {
      if (allowed.has(option)) {
        Cube cube{option == 1 ? contents.ids[i] : contents.garbage, above};
        cube.constraints.push_back(Constraint{v, OptionSet::only(options, option)});
        cubes.push_back(std::move(cube));
        meltable.push_back(false);
        ++shown;
      }
    }
    if (!allowed.has(0)) {
      reached_bottom = false;
      break;
    }
    if (shown == 1) {
      meltable.back() = true;
    }
    above.push_back(Constraint{v, OptionSet::only(options, 0)});
  }
  if (reached_bottom) {
    // A write of what lies below it changes nothing: no question about it.
    while (!cubes.empty() && meltable.back() && cubes.back().content == contents.bottom) {
      above = cubes.back().constraints;
      above.pop_back();
      cubes.pop_back();
      meltable.pop_back();
    }
    cubes.push_back(Cube{contents.bottom, std::move(above)});
  }
  return cubes;
}

// Every combination of the variables of the cluster question.
std::vector<Cube> divide_cluster(const StateSpace& space, SpaceContents& contents,
                                 UnitKey unit, const UnitContents& unit_contents,
                                 const StateSet& set) {
  const UnitQuestion& question = *unit_contents.question;
  std::vector<std::uint32_t> options(space.variable_count(), 0);
  // First those that say in which order writes landed, then the others, newest first: as
  // soon as none of the rest can be on top, the rest does not matter.
  std::vector<Variable> order = question.variables;
  const auto singles = std::stable_partition(
      order.begin(), order.end(), [&](Variable v) { return space.is_cluster(v); });
  std::sort(singles, order.end(), [&](Variable left, Variable right) {
    return space.write_of(left) > space.write_of(right);
  });
  const auto clusters = static_cast<std::size_t>(singles - order.begin());
  const auto decided = [&](std::size_t depth) {
    const Version now = space.version(question, options);
    for (std::size_t i = depth; i < order.size(); ++i) {
      const Variable v = order[i];
      for (std::uint32_t option = 1; option < space.option_count(v); ++option) {
        if (set.allowed(v).has(option)) {
          options[v] = option;
          const Version with = space.version(question, options);
          options[v] = 0;
          if (!(with == now)) {
            return false;
          }
        }
      }
    }
    return true;
  };
  std::vector<Cube> cubes;
  auto go = [&](auto& self, std::size_t depth) -> void {
    if (depth >= clusters && decided(depth)) {
      Cube cube{contents.content_of(unit, space.version(question, options)), {}};
      for (std::size_t i = 0; i < depth; ++i) {
        const Variable v = order[i];
        cube.constraints.push_back(
            Constraint{v, OptionSet::only(space.option_count(v), options[v])});
      }
      cubes.push_back(std::move(cube));
      return;
    }
    const Variable v = order[depth];
    for (std::uint32_t option = 0; option < space.option_count(v); ++option) {
      if (set.allowed(v).has(option)) {
        options[v] = option;
        self(self, depth + 1);
      }
    }
    options[v] = 0;
  };
  go(go, 0);
  if (question.variables.size() != 1 || cubes.size() < 2) {
    return cubes;
  }
  // One variable: its options with one content are one part.
  std::vector<Cube> grouped;
  for (Cube& cube : cubes) {
    auto same = std::find_if(grouped.begin(), grouped.end(), [&](const Cube& other) {
      return other.content == cube.content;
    });
    if (same == grouped.end()) {
      grouped.push_back(std::move(cube));
    } else {
      same->constraints[0].allowed.add(cube.constraints[0].allowed.lowest());
    }
  }
  return grouped;
}

}  // namespace

std::vector<Cube> divide(const StateSpace& space, SpaceContents& contents, UnitKey unit,
                         const UnitContents& unit_contents, const StateSet& set) {
  std::vector<Cube> cubes;
  switch (unit_contents.question->kind) {
    case UnitQuestion::Kind::kUnit:
      cubes = divide_unit(space, unit_contents, set);
      break;
    case UnitQuestion::Kind::kChain:
      cubes = divide_chain(space, unit_contents, set);
      break;
    case UnitQuestion::Kind::kCluster:
      cubes = divide_cluster(space, contents, unit, unit_contents, set);
      break;
    case UnitQuestion::Kind::kForced:
      break;
  }
  PC_ENSURE(!cubes.empty(), "a unit has a content in every state");
  bool agree = std::all_of(cubes.begin(), cubes.end(), [&](const Cube& cube) {
    return cube.content == cubes[0].content;
  });
  if (agree) {
    return {Cube{cubes[0].content, {}}};
  }
  return cubes;
}

}  // namespace powercut
