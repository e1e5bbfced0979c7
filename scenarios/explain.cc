// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/explain.h"

#include "replay/write_choices.h"
#include "scenarios/write_names.h"

#include <fmt/format.h>

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

class StateExplainer {
 public:
  StateExplainer(const CrashState& state, StateRunner& runner,
                 const ExplainOptions& options, std::string probe)
      : options_(options),
        stage_(options.oracle == nullptr
                   ? 0
                   : stage_at(options.oracle->boundaries(), state.space->cut())),
        known_(runner, std::move(probe), options.proved) {}

  KnownStates& known() { return known_; }

  Result<Judged> ask(const CrashState& state) {
    PC_ASSIGN_OR_RETURN(const KnownStates::Answer answer, known_.ask(state));
    Judged judged{answer.probe != nullptr ? *answer.probe : *answer.base, answer.ran};
    if (options_.oracle != nullptr) {
      PC_ASSIGN_OR_RETURN(judged.verdict, judge_stage(*options_.oracle, stage_,
                                                      *answer.base, answer.probe));
    }
    return judged;
  }

 private:
  const ExplainOptions& options_;
  std::size_t stage_;
  KnownStates known_;
};

}  // namespace

Result<ExplainedState> explain_state(const CrashState& state, StateRunner& runner,
                                     const ExplainOptions& options) {
  PC_ASSIGN_OR_RETURN(const RunOutcome outcome, runner.run(0, state));
  ExplainedState explained;
  explained.probe = options.probe;
  if (explained.probe.empty()) {
    PC_ASSIGN_OR_RETURN(explained.probe, failing_probe(state, outcome, options.oracle));
  }
  StateExplainer explainer(state, runner, options, explained.probe);
  explainer.known().learn(state, outcome);
  ReductionOptions reduction;
  reduction.ask = [&](const CrashState& each) { return explainer.ask(each); };
  reduction.max_runs = options.max_runs;
  PC_ASSIGN_OR_RETURN(explained.reduction, reduce(state, reduction));
  const WriteChoices choices(state.space);
  explained.pending = choices.count();
  explained.missing_before = choices.missing(state.options).size();
  WriteNames names(most_state(state.space));
  for (const ReducedWrite& write : explained.reduction.writes) {
    PC_ASSIGN_OR_RETURN(std::string holds, names.holds(write.write));
    explained.holds.push_back(std::move(holds));
  }
  explained.notes = names.notes();
  return explained;
}

}  // namespace powercut
