// SPDX-License-Identifier: GPL-2.0-only

#include "replay/inference.h"

#include "replay/inference_window.h"
#include "replay/lost_writes.h"

#include <fmt/format.h>

#include <cmath>

namespace powercut {

namespace {

// Named after the probe that said most: one that could not judge, or found something.
StateClass class_of(const RunOutcome& outcome, const CrashState& state) {
  const ProbeOutcome* most = &outcome.probes[0];
  for (const ProbeOutcome& probe : outcome.probes) {
    most = probe.verdict.kind > most->verdict.kind ? &probe : most;
  }
  return StateClass{most->name, state.id(), most->verdict.kind, most->verdict.summary(),
                    0};
}

}  // namespace

std::uint64_t agreeing_runs(const InferenceOptions& options) {
  return static_cast<std::uint64_t>(
      std::ceil(std::log(1 - options.confidence) / std::log(1 - options.share)));
}

Inference::Inference(std::shared_ptr<const Recording> recording, StateRunner& runner,
                     ExplorerOptions options, InferenceOptions inference)
    : recording_(std::move(recording)),
      runner_(runner),
      options_(std::move(options)),
      inference_(inference) {}

double Inference::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

Result<Certificate> Inference::infer(const std::shared_ptr<const Durability>& durability,
                                     const std::vector<Window>& windows) {
  begin_ = std::chrono::steady_clock::now();
  certificate_ = {};
  certificate_.tier = Tier::kInferred;
  certificate_.windows = windows.size();
  outcomes_.clear();
  findings_.clear();
  conclusive_.clear();
  pool_ = std::make_unique<RunPool>(runner_, options_.jobs);
  for (const Window& window : windows) {
    PC_ASSIGN_OR_RETURN(std::shared_ptr<const StateSpace> space,
                        StateSpace::build(recording_, durability, window.cut));
    certificate_.states_permitted += space->state_count();
    certificate_.most_pending =
        std::max(certificate_.most_pending, space->variable_count());
    if (!may_go_on()) {
      // Its states are permitted, and nothing is said of them.
      PC_RETURN_IF_ERROR(tell_window(window, space->state_count(), nullptr));
      continue;
    }
    classes_.clear();
    WindowWork work(*this, durability, std::move(space), window);
    PC_ASSIGN_OR_RETURN(InferredWindow result, work.work());
    certificate_.windows_decided += result.inferred ? 1 : 0;
    report_progress(result);
    PC_RETURN_IF_ERROR(tell_window(window, result.permitted, &result));
    certificate_.inferred.push_back(std::move(result));
  }
  pool_.reset();
  certificate_.classes = outcomes_.size();
  certificate_.seconds = seconds();
  return std::move(certificate_);
}

Status Inference::tell_window(const Window& window, const BigCount& permitted,
                              const InferredWindow* work) const {
  if (!options_.on_window) {
    return {};
  }
  DecidedWindow told;
  told.window = window;
  told.permitted = permitted;
  if (work != nullptr) {
    told.tier =
        work->inferred ? DecidedWindow::Tier::kInferred : DecidedWindow::Tier::kOpen;
    for (const auto& [outcome, states] : classes_) {
      told.classes.push_back(states);
    }
  }
  return options_.on_window(told);
}

bool Inference::may_go_on() {
  if (certificate_.end != EndOfRun::kDecided) {
    return false;
  }
  constexpr std::uint64_t kMostInconclusive = 16;
  if (options_.max_runs != 0 && certificate_.runs >= options_.max_runs) {
    certificate_.end = EndOfRun::kMaxRuns;
  } else if (options_.time_seconds > 0 && seconds() >= options_.time_seconds) {
    certificate_.end = EndOfRun::kTime;
  } else if (options_.stop_after != 0 &&
             certificate_.findings.size() >= options_.stop_after) {
    certificate_.end = EndOfRun::kStopAfter;
  } else if (certificate_.inconclusive >= kMostInconclusive) {
    certificate_.end = EndOfRun::kInconclusive;
  } else if (options_.interrupted && options_.interrupted()) {
    certificate_.end = EndOfRun::kInterrupted;
  }
  return certificate_.end == EndOfRun::kDecided;
}

Status Inference::judge(RunOutcome& outcome, std::size_t stage) const {
  if (options_.oracle == nullptr) {
    return {};
  }
  const Verdict base = outcome.probes[0].verdict;
  for (std::size_t i = 0; i < outcome.probes.size(); ++i) {
    PC_ASSIGN_OR_RETURN(outcome.probes[i].verdict,
                        judge_stage(*options_.oracle, stage, base,
                                    i == 0 ? nullptr : &outcome.probes[i].verdict));
  }
  return {};
}

OutcomeId Inference::outcome_of(const RunOutcome& outcome, const CrashState& state,
                                const Window& window, const Durability& durability) {
  std::string said = outcome.probes[0].verdict.outcome;
  bool conclusive = true;
  for (const ProbeOutcome& probe : outcome.probes) {
    if (probe.verdict.kind == Verdict::Kind::kInconclusive) {
      conclusive = false;
      ++certificate_.inconclusive;
      certificate_.inconclusive_reasons.push_back(probe.verdict.reason);
    }
    for (const Finding& finding : probe.verdict.findings) {
      said += fmt::format("\n{}: {}", probe.name, finding.key);
    }
  }
  // What could not be judged is like nothing else.
  said += conclusive ? "" : fmt::format("\ninconclusive {}", next_ticket_);
  const auto [it, is_new] =
      outcomes_.try_emplace(said, static_cast<OutcomeId>(outcomes_.size()));
  if (is_new) {
    conclusive_.push_back(conclusive);
    if (conclusive) {
      certificate_.examples.push_back(state);
    }
    for (const ProbeOutcome& probe : outcome.probes) {
      if (probe.verdict.kind == Verdict::Kind::kFindings) {
        FailingClass failing;
        failing.state_id = state.id();
        failing.lost = lost_writes(state);
        failing.window = window;
        failing.checker = runner_.checker_name();
        failing.probe = probe.name;
        failing.fault = to_string(durability.model().fault);
        failing.verdict = probe.verdict;
        findings_[it->second].push_back(certificate_.findings.size());
        certificate_.findings.push_back(std::move(failing));
      }
    }
  }
  const auto [seen, first] = classes_.try_emplace(it->second);
  if (first) {
    seen->second = class_of(outcome, state);
  }
  seen->second.states += 1;
  for (const std::size_t place : findings_[it->second]) {
    FailingClass& failing = certificate_.findings[place];
    failing.states += 1;
    if (failing.windows.empty() || failing.windows.back() != window.number) {
      failing.windows.push_back(window.number);
    }
  }
  return it->second;
}

void Inference::report_progress(const InferredWindow& window) {
  if (!options_.on_progress) {
    return;
  }
  Progress progress;
  progress.windows = certificate_.windows;
  progress.windows_decided = certificate_.windows_decided;
  progress.runs = certificate_.runs;
  progress.findings = certificate_.findings.size();
  progress.open_sets = window.pending;
  progress.share_decided = static_cast<double>(certificate_.windows_decided) /
                           static_cast<double>(certificate_.windows);
  progress.seconds = seconds();
  options_.on_progress(progress);
}

}  // namespace powercut
