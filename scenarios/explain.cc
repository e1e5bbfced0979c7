// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/explain.h"

#include "replay/range_set.h"
#include "replay/write_choices.h"
#include "scenarios/write_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace powercut {

namespace {

// Which probe of the state complains: the base, if it does, else the first of the others.
Result<std::string> failing_probe(const CrashState& state, const RunOutcome& outcome,
                                  const Oracle* oracle) {
  const std::size_t stage =
      oracle == nullptr ? 0 : stage_at(oracle->boundaries(), state.space->cut());
  const Verdict& base = outcome.probes[0].verdict;
  for (const ProbeOutcome& probe : outcome.probes) {
    const bool is_base = &probe == outcome.probes.data();
    Verdict verdict = probe.verdict;
    if (oracle != nullptr) {
      PC_ASSIGN_OR_RETURN(
          verdict, judge_stage(*oracle, stage, base, is_base ? nullptr : &probe.verdict));
    }
    if (verdict.kind == Verdict::Kind::kFindings) {
      return is_base ? std::string("base") : probe.name;
    }
  }
  return std::string("base");
}

Status check_probe(const std::string& probe, const RunOutcome& outcome) {
  std::vector<std::string> names = {"base"};
  for (std::size_t i = 1; i < outcome.probes.size(); ++i) {
    names.push_back(outcome.probes[i].name);
  }
  if (std::find(names.begin(), names.end(), probe) != names.end()) {
    return {};
  }
  constexpr std::size_t kShown = 8;
  const bool more = names.size() > kShown;
  names.resize(std::min(names.size(), kShown));
  return fail(ErrorKind::kUsage,
              fmt::format("the checker has no probe '{}' in this state", probe),
              fmt::format("it has {}{}", fmt::join(names, ", "), more ? ", ..." : ""));
}

const char* cover_word(const Timeline& timeline, const NamedWrite& write) {
  using Why = FlushCover::Why;
  if (timeline.write(write.reduced.write).has(kWriteFailed)) {
    return "failed";
  }
  if (timeline.write(write.reduced.write).has(kWriteUnstable)) {
    return "changed in flight";
  }
  switch (write.cover.why) {
    case Why::kInFlight:
      return "in flight";
    case Why::kTooEarly:
      return "flushed too early";
    case Why::kSent:
      return "flush under way";
    case Why::kLater:
      return "flushed later";
    case Why::kNone:
      return "never flushed";
    case Why::kIgnored:
      return "flush ignored";
    case Why::kUncovered:
      return "flush without effect";
  }
  return "";
}

// The bytes of a write that its reduction speaks of; empty: of all of it.
std::vector<ByteRange> parts_of(const ReducedWrite& reduced, const Write& write,
                                std::uint32_t unit_bytes) {
  std::vector<ByteRange> units;
  for (const UnitKey unit : reduced.units) {
    const std::uint64_t begin = number_of(unit) * unit_bytes;
    units.push_back({begin, begin + unit_bytes});
  }
  const RangeSet whole({{write.offset_bytes, write.end_bytes()}});
  const RangeSet parts = RangeSet(std::move(units)).common_with(whole);
  return {parts.ranges().begin(), parts.ranges().end()};
}

}  // namespace

std::string ExplainedState::cause() const {
  if (reduction.against == Reduction::Against::kNothing) {
    return "whatever is pending";
  }
  if (reduction.against == Reduction::Against::kUnjudged) {
    return "";  // by what the checker says alone
  }
  const Timeline& timeline = reduction.failing.space->recording().timeline();
  std::set<std::string> causes;
  for (const NamedWrite& write : writes) {
    causes.insert(fmt::format("{} {} ({})", to_string(write.reduced.kind),
                              fmt::join(write.kinds, "+"), cover_word(timeline, write)));
  }
  return fmt::format("{}", fmt::join(causes, ", "));
}

Explainer::Explainer(StateRunner& runner, ExplainOptions options)
    : runner_(runner), options_(std::move(options)) {}

Explainer::~Explainer() = default;

Result<Explainer::Known*> Explainer::known_of(const CrashState& state,
                                              const std::string& probe) {
  Known& known =
      known_.try_emplace(probe, Known{KnownStates(runner_, probe, options_.proved), {}})
          .first->second;
  if (options_.teach && known.taught != state.space) {
    PC_RETURN_IF_ERROR(options_.teach(state.space, known.states));
    known.taught = state.space;
  }
  return &known;
}

Status Explainer::name_writes(const CrashState& state, ExplainedState& explained) {
  if (!names_ || names_->space() != state.space) {
    names_ = std::make_unique<WriteNames>(most_state(state.space));
  }
  const Timeline& timeline = state.space->recording().timeline();
  for (const ReducedWrite& reduced : explained.reduction.writes) {
    PC_ASSIGN_OR_RETURN(
        WriteName name,
        names_->name(reduced.write, parts_of(reduced, timeline.write(reduced.write),
                                             state.space->unit_bytes())));
    explained.writes.push_back(NamedWrite{
        reduced, std::move(name.holds), std::move(name.kinds),
        flush_cover(timeline, options_.model, reduced.write, state.space->cut())});
  }
  explained.notes = names_->notes();
  return {};
}

Result<ExplainedState> Explainer::explain(const CrashState& state,
                                          const std::string& probe) {
  PC_ASSIGN_OR_RETURN(const RunOutcome outcome, runner_.run(0, state));
  ExplainedState explained;
  explained.probe = probe;
  if (explained.probe.empty()) {
    PC_ASSIGN_OR_RETURN(explained.probe, failing_probe(state, outcome, options_.oracle));
  } else {
    PC_RETURN_IF_ERROR(check_probe(explained.probe, outcome));
  }
  PC_ASSIGN_OR_RETURN(Known* const known, known_of(state, explained.probe));
  known->states.learn(state, outcome);
  const std::size_t stage =
      options_.oracle == nullptr
          ? 0
          : stage_at(options_.oracle->boundaries(), state.space->cut());
  ReductionOptions reduction;
  reduction.ask = [&](const CrashState& each) -> Result<Judged> {
    PC_ASSIGN_OR_RETURN(const KnownStates::Answer answer, known->states.ask(each));
    Judged judged{answer.probe != nullptr ? *answer.probe : *answer.base, answer.ran};
    if (options_.oracle != nullptr) {
      PC_ASSIGN_OR_RETURN(judged.verdict, judge_stage(*options_.oracle, stage,
                                                      *answer.base, answer.probe));
    }
    return judged;
  };
  reduction.max_runs = options_.max_runs;
  PC_ASSIGN_OR_RETURN(explained.reduction, reduce(state, reduction));
  const WriteChoices choices(state.space);
  explained.pending = choices.count();
  explained.missing_before = choices.missing(state.options).size();
  PC_RETURN_IF_ERROR(name_writes(state, explained));
  return explained;
}

}  // namespace powercut
