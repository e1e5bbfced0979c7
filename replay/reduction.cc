// SPDX-License-Identifier: GPL-2.0-only

#include "replay/reduction.h"

#include "base/ensure.h"
#include "replay/version.h"
#include "replay/write_choices.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace powercut {

namespace {

using Options = std::vector<std::uint32_t>;

// Variables that go together: those of one write.
struct Group {
  WriteIndex write = kNoWrite;
  std::vector<Variable> variables;
};

using Groups = std::vector<Group>;

// Whose bytes a 512-byte sector of a unit has; kNoWrite: the base's, or garbage.
WriteIndex writer_of(const StateSpace& space, const Version& version,
                     std::size_t sector) {
  switch (version.kind) {
    case Version::Kind::kWrite:
      return version.ref;
    case Version::Kind::kMixed:
      return space.mixed(version.ref)[sector];
    case Version::Kind::kBase:
    case Version::Kind::kGarbage:
      return kNoWrite;
  }
  return kNoWrite;
}

std::size_t sectors_of(const StateSpace& space) {
  constexpr std::uint32_t kSectorBytes = 512;
  return space.unit_bytes() / kSectorBytes;
}

const std::vector<Version>& versions_of(const StateSpace& space, Variable variable) {
  return space.look(space.unit_of(variable)).question->versions;
}

// Does an option of a variable have anything of a write on the medium?
bool shows(const StateSpace& space, Variable variable, std::uint32_t option,
           WriteIndex write) {
  if (space.write_of(variable) != kNoWrite) {
    return space.write_of(variable) == write && option != space.least(variable);
  }
  const Version& version = versions_of(space, variable)[option];
  for (std::size_t sector = 0; sector < sectors_of(space); ++sector) {
    if (writer_of(space, version, sector) == write) {
      return true;
    }
  }
  return false;
}

// The newest write that one option shows where another shows something else.
WriteIndex newest_of(const StateSpace& space, Variable variable, std::uint32_t option,
                     std::uint32_t other) {
  const Version& version = versions_of(space, variable)[option];
  const Version& without = versions_of(space, variable)[other];
  WriteIndex newest = kNoWrite;
  for (std::size_t sector = 0; sector < sectors_of(space); ++sector) {
    const WriteIndex writer = writer_of(space, version, sector);
    if (writer != kNoWrite && writer != writer_of(space, without, sector) &&
        (newest == kNoWrite || writer > newest)) {
      newest = writer;
    }
  }
  return newest;
}

// The write that a variable is about when it has one option and not another: the one
// that the first shows; else the one that the other shows; else (garbage for what was
// there before) the newest that could be there.
WriteIndex subject_of(const StateSpace& space, Variable variable, std::uint32_t option,
                      std::uint32_t other) {
  if (space.write_of(variable) != kNoWrite) {
    return space.write_of(variable);
  }
  WriteIndex write = newest_of(space, variable, option, other);
  if (write == kNoWrite) {
    write = newest_of(space, variable, other, option);
  }
  for (std::uint32_t i = space.option_count(variable); i > 0 && write == kNoWrite; --i) {
    write = newest_of(space, variable, i - 1, option);
  }
  PC_ENSURE(write != kNoWrite, "a unit is a variable because of a write");
  return write;
}

class Reducer {
 public:
  Reducer(const CrashState& state, const ReductionOptions& options)
      : space_(state.space), options_(options), keys_(options.keys) {}

  Result<Reduction> reduce(const CrashState& state);

 private:
  enum class Answer : std::uint8_t { kFails, kSound, kUnknown };

  Result<Answer> ask(const Options& choice);

  CrashState state_of(const Options& choice) const { return CrashState{space_, choice}; }

  // `sound` with the options of `failing` for the variables of the groups.
  static Options mix(const Options& sound, const Options& failing, const Groups& groups);
  // Groups of variables in which the two differ; each under the write that it is about.
  Groups differences(const Options& sound, const Options& failing, bool all) const;
  Result<Groups> minimise(const Options& sound, const Options& failing, Groups groups);
  Result<Options> reduce_against(const Options& sound, Options failing, bool all,
                                 Groups& left);
  std::vector<ReducedWrite> describe(const Options& sound, const Options& failing,
                                     const Groups& groups, bool all) const;

  // Of a unit, not of a write.
  bool is_garbage(Variable variable, std::uint32_t option) const {
    return versions_of(*space_, variable)[option].kind == Version::Kind::kGarbage;
  }

  std::optional<std::uint32_t> at_end(const Options& sound, Variable variable,
                                      WriteIndex write, bool all) const;
  ReducedWrite::Kind kind_of(const Options& sound, const Options& failing,
                             const Group& group, bool all) const;

  std::shared_ptr<const StateSpace> space_;
  const ReductionOptions& options_;
  std::vector<std::string> keys_;
  std::map<Options, std::pair<Answer, Verdict>> known_;
  std::uint64_t asked_ = 0;
  std::uint64_t runs_ = 0;
  bool out_of_runs_ = false;
};

Result<Reducer::Answer> Reducer::ask(const Options& choice) {
  const auto known = known_.find(choice);
  if (known != known_.end()) {
    return known->second.first;
  }
  if (runs_ >= options_.max_runs) {
    out_of_runs_ = true;
    return Answer::kUnknown;
  }
  ++asked_;
  PC_ASSIGN_OR_RETURN(Judged judged, options_.ask(state_of(choice)));
  runs_ += judged.ran ? 1 : 0;
  Answer answer = Answer::kSound;
  if (judged.verdict.kind == Verdict::Kind::kInconclusive) {
    answer = Answer::kUnknown;
  } else {
    for (const Finding& finding : judged.verdict.findings) {
      if (std::find(keys_.begin(), keys_.end(), finding.key) != keys_.end()) {
        answer = Answer::kFails;
      }
    }
  }
  known_.emplace(choice, std::pair(answer, std::move(judged.verdict)));
  return answer;
}

Options Reducer::mix(const Options& sound, const Options& failing, const Groups& groups) {
  Options mixed = sound;
  for (const Group& group : groups) {
    for (const Variable variable : group.variables) {
      mixed[variable] = failing[variable];
    }
  }
  return mixed;
}

Groups Reducer::differences(const Options& sound, const Options& failing,
                            bool all) const {
  std::map<WriteIndex, Group> by_write;
  for (Variable v = 0; v < sound.size(); ++v) {
    if (sound[v] == failing[v]) {
      continue;
    }
    // Against "all landed" a variable is about the write that is missing; against "none
    // landed" about the one that is there.
    const WriteIndex write = all ? subject_of(*space_, v, sound[v], failing[v])
                                 : subject_of(*space_, v, failing[v], sound[v]);
    by_write[write].write = write;
    by_write[write].variables.push_back(v);
  }
  Groups groups;
  for (auto& [write, group] : by_write) {
    groups.push_back(std::move(group));
  }
  return groups;
}

// ddmin: first larger parts, then their complements, then finer parts.
Result<Groups> Reducer::minimise(const Options& sound, const Options& failing,
                                 Groups groups) {
  std::size_t parts = 2;
  while (groups.size() >= 2 && !out_of_runs_) {
    parts = std::min(parts, groups.size());
    bool smaller = false;
    for (const bool complement : {false, true}) {
      for (std::size_t i = 0; i < parts && !smaller; ++i) {
        const auto begin =
            groups.begin() + static_cast<std::ptrdiff_t>(i * groups.size() / parts);
        const auto end =
            groups.begin() + static_cast<std::ptrdiff_t>((i + 1) * groups.size() / parts);
        Groups tried(begin, end);
        if (complement) {
          tried.assign(groups.begin(), begin);
          tried.insert(tried.end(), end, groups.end());
        }
        PC_ASSIGN_OR_RETURN(const Answer answer, ask(mix(sound, failing, tried)));
        if (answer == Answer::kFails) {
          groups = std::move(tried);
          parts = complement ? std::max<std::size_t>(parts - 1, 2) : 2;
          smaller = true;
        }
      }
    }
    if (!smaller && parts == groups.size()) {
      break;  // none of them can be left out
    }
    parts = smaller ? parts : 2 * parts;
  }
  return groups;
}

// The option of a variable with which a write is gone from it (all) or is there (not
// all); none if it has nothing of it either way.
std::optional<std::uint32_t> Reducer::at_end(const Options& sound, Variable variable,
                                             WriteIndex write, bool all) const {
  if (all) {
    return shows(*space_, variable, sound[variable], write)
               ? std::optional(space_->least(variable))
               : std::nullopt;
  }
  for (std::uint32_t option = space_->most(variable) + 1; option > 0; --option) {
    if (shows(*space_, variable, option - 1, write)) {
      return option - 1;
    }
  }
  return std::nullopt;
}

// Groups first. Then each that has several variables: all of it at its other end, if
// that fails too (a whole write that is missing is easier to see than a torn one), or
// only those of its variables that are needed.
Result<Options> Reducer::reduce_against(const Options& sound, Options failing, bool all,
                                        Groups& left) {
  PC_ASSIGN_OR_RETURN(left, minimise(sound, failing, differences(sound, failing, all)));
  failing = mix(sound, failing, left);
  for (Group& group : left) {
    Options whole = failing;
    Group whole_group = group;
    for (const Variable v : group.variables) {
      const bool unit = space_->write_of(v) == kNoWrite;
      if (all) {
        whole[v] = space_->least(v);
      } else if (!unit || is_garbage(v, whole[v])) {
        whole[v] = at_end(sound, v, group.write, all).value_or(whole[v]);
      }
    }
    for (Variable v = 0; v < whole.size(); ++v) {
      // Where another write of the set lies over it, it makes no difference.
      if (const std::optional<std::uint32_t> end = at_end(sound, v, group.write, all);
          end && whole[v] == sound[v]) {
        whole[v] = *end;
        whole_group.variables.push_back(v);
      }
    }
    PC_ASSIGN_OR_RETURN(const Answer answer, ask(whole));
    if (answer == Answer::kFails) {
      failing = std::move(whole);
      group = std::move(whole_group);
      continue;
    }
    Groups single;
    for (const Variable variable : group.variables) {
      single.push_back(Group{group.write, {variable}});
    }
    Options without = failing;
    for (const Variable variable : group.variables) {
      without[variable] = sound[variable];
    }
    PC_ASSIGN_OR_RETURN(single, minimise(without, failing, std::move(single)));
    failing = mix(without, failing, single);
    group.variables.clear();
    for (const Group& one : single) {
      group.variables.push_back(one.variables[0]);
    }
  }
  // What was simplified may have made another write needless.
  for (std::size_t i = 0; i < left.size();) {
    Groups fewer = left;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    PC_ASSIGN_OR_RETURN(const Answer answer, ask(mix(sound, failing, fewer)));
    if (answer == Answer::kFails) {
      left = std::move(fewer);
      i = 0;
    } else {
      ++i;
    }
  }
  return mix(sound, failing, left);
}

ReducedWrite::Kind Reducer::kind_of(const Options& sound, const Options& failing,
                                    const Group& group, bool all) const {
  using Kind = ReducedWrite::Kind;
  const Variable first = group.variables[0];
  if (space_->is_cluster(first)) {
    const bool none = failing[first] == space_->least(first);
    return all && none ? Kind::kLost : Kind::kOrder;
  }
  if (space_->write_of(first) != kNoWrite) {
    const bool end =
        failing[first] == space_->least(first) || failing[first] == space_->most(first);
    return !end ? Kind::kGarbage : all ? Kind::kLost : Kind::kLanded;
  }
  for (const Variable v : group.variables) {
    if (is_garbage(v, failing[v])) {
      return Kind::kGarbage;
    }
  }
  bool whole = true;
  for (Variable v = 0; v < sound.size(); ++v) {
    whole = whole && (failing[v] != sound[v] || !at_end(sound, v, group.write, all));
  }
  return all ? (whole ? Kind::kLost : Kind::kTorn)
             : (whole ? Kind::kLanded : Kind::kPartly);
}

std::vector<ReducedWrite> Reducer::describe(const Options& sound, const Options& failing,
                                            const Groups& groups, bool all) const {
  std::vector<ReducedWrite> writes;
  for (const Group& group : groups) {
    ReducedWrite write;
    write.write = group.write;
    write.kind = kind_of(sound, failing, group, all);
    for (const Variable variable : group.variables) {
      if (space_->write_of(variable) == kNoWrite &&
          failing[variable] != sound[variable]) {
        write.units.push_back(space_->unit_of(variable));
      }
    }
    writes.push_back(std::move(write));
  }
  return writes;
}

Result<Reduction> Reducer::reduce(const CrashState& state) {
  PC_ASSIGN_OR_RETURN(Judged own, options_.ask(state));
  asked_ = 1;
  runs_ = own.ran ? 1 : 0;
  if (own.verdict.kind == Verdict::Kind::kInconclusive) {
    return fail(ErrorKind::kBadInput, fmt::format("the state {} cannot be judged: {}",
                                                  state.id(), own.verdict.reason));
  }
  if (keys_.empty()) {
    for (const Finding& finding : own.verdict.findings) {
      keys_.push_back(finding.key);
    }
  }
  known_.emplace(state.options, std::pair(Answer::kFails, own.verdict));
  if (own.verdict.kind == Verdict::Kind::kClean) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("the state {} is clean: there is nothing to explain", state.id()),
        "a finding of `check` names a state that is not; it must be judged with "
        "the same checker and options");
  }
  Reduction best;
  bool unjudged = false;
  for (const bool all : {true, false}) {
    if (best.writes.size() == 1) {
      break;  // nothing is shorter, and of equal ones the first is taken
    }
    const Options sound = all ? most_state(space_).options : least_state(space_).options;
    PC_ASSIGN_OR_RETURN(const Answer answer, ask(sound));
    if (answer != Answer::kSound) {
      unjudged = unjudged || answer == Answer::kUnknown;
      continue;
    }
    Groups groups;
    PC_ASSIGN_OR_RETURN(const Options failing,
                        reduce_against(sound, state.options, all, groups));
    PC_ENSURE(known_.contains(failing), "what is left was asked");
    if (best.against != Reduction::Against::kNothing &&
        best.writes.size() <= groups.size()) {
      continue;
    }
    best.against = all ? Reduction::Against::kAllLanded : Reduction::Against::kNoneLanded;
    best.failing = state_of(failing);
    best.verdict = known_.at(failing).second;
    best.sound = state_of(sound);
    best.sound_verdict = known_.at(sound).second;
    best.writes = describe(sound, failing, groups, all);
  }
  if (best.against == Reduction::Against::kNothing) {
    const Options most = most_state(space_).options;
    PC_ASSIGN_OR_RETURN(const Answer answer, ask(most));
    const Options& simplest = answer == Answer::kFails ? most : state.options;
    best.failing = state_of(simplest);
    best.verdict = known_.at(simplest).second;
    best.against = unjudged ? Reduction::Against::kUnjudged : best.against;
  }
  best.minimal = !out_of_runs_;
  best.asked = asked_;
  best.runs = runs_;
  return best;
}

}  // namespace

Result<Reduction> reduce(const CrashState& state, const ReductionOptions& options) {
  return Reducer(state, options).reduce(state);
}

std::string to_string(ReducedWrite::Kind kind) {
  using Kind = ReducedWrite::Kind;
  switch (kind) {
    case Kind::kLost:
      return "lost";
    case Kind::kTorn:
      return "torn";
    case Kind::kLanded:
      return "landed";
    case Kind::kPartly:
      return "partly-landed";
    case Kind::kGarbage:
      return "garbage";
    case Kind::kOrder:
      return "order";
  }
  return "";
}

}  // namespace powercut
