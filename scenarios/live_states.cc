// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/live_states.h"

#include "base/seen_digest.h"
#include "replay/crash_state.h"
#include "replay/lost_writes.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace powercut {

namespace {

constexpr std::string_view kFailure = "powerfail";
constexpr std::string_view kSeen = "seen ";
constexpr std::string_view kKept = "model kept";
constexpr std::string_view kBroken = "model broken";

class LiveDecision {
 public:
  LiveDecision(const std::shared_ptr<const Recording>& recording,
               const std::shared_ptr<const Durability>& durability, StateRunner& runner,
               const Oracle* oracle)
      : recording_(recording),
        durability_(durability),
        runner_(runner),
        oracle_(oracle) {}

  // What became of it.
  Result<DecidedWindow> decide(const LiveFailure& failure, const Window& window);
  Certificate take();

 private:
  Result<Verdict> verdict_of(const RunOutcome& outcome, std::size_t probe,
                             std::size_t stage) const;
  void add_finding(const CrashState& state, const Window& window, std::string probe,
                   Verdict verdict);
  // What is not the same; empty: all is.
  static std::string difference(const LiveFailure& failure, const SeenDigest& digest,
                                bool found, const Window& window);

  const std::shared_ptr<const Recording>& recording_;
  const std::shared_ptr<const Durability>& durability_;
  StateRunner& runner_;
  const Oracle* oracle_;
  Certificate certificate_;
  std::size_t lines_seen_ = 0;
};

Result<Verdict> LiveDecision::verdict_of(const RunOutcome& outcome, std::size_t probe,
                                         std::size_t stage) const {
  const Verdict& base = outcome.probes[0].verdict;
  const Verdict& own = outcome.probes[probe].verdict;
  if (oracle_ == nullptr) {
    return own;
  }
  return judge_stage(*oracle_, stage, base, probe == 0 ? nullptr : &own);
}

void LiveDecision::add_finding(const CrashState& state, const Window& window,
                               std::string probe, Verdict verdict) {
  FailingClass failing;
  failing.state_id = state.id();
  failing.window = window;
  failing.checker = runner_.checker_name();
  failing.probe = std::move(probe);
  failing.fault = "none";
  failing.verdict = std::move(verdict);
  failing.lost = lost_writes(state);
  failing.states = 1;
  failing.windows = {window.number};
  certificate_.findings.push_back(std::move(failing));
}

std::string LiveDecision::difference(const LiveFailure& failure, const SeenDigest& digest,
                                     bool found, const Window& window) {
  if (failure.seen != digest.text()) {
    return fmt::format(
        "power failure {}: on the live device something else was seen ({}) than in the "
        "state that the log gives ({})",
        window.number + 1, failure.seen, digest.text());
  }
  if (failure.kept && *failure.kept == found) {
    return fmt::format(
        "power failure {}: the program's model was {}, and the log says {}",
        window.number + 1, *failure.kept ? "kept" : "broken",
        found ? "that it was broken" : "that it was kept");
  }
  return {};
}

Result<DecidedWindow> LiveDecision::decide(const LiveFailure& failure,
                                           const Window& window) {
  PC_ASSIGN_OR_RETURN(const std::shared_ptr<const StateSpace> space,
                      StateSpace::build(recording_, durability_, failure.cut));
  const CrashState state = least_state(space);
  DecidedWindow decided;
  decided.window = window;
  decided.permitted = 1;
  ++certificate_.windows;
  certificate_.most_pending =
      std::max(certificate_.most_pending, space->variable_count());
  certificate_.states_permitted += 1;
  const auto tell = [&](const std::string& probe, const Verdict& verdict) {
    decided.classes.push_back(
        StateClass{probe, state.id(), verdict.kind, verdict.summary(), 1});
  };
  PC_ASSIGN_OR_RETURN(const RunOutcome outcome, runner_.run(0, state));
  ++certificate_.runs;
  SeenDigest digest;
  bool found = false;
  std::string open;
  for (std::size_t probe = 0; probe < outcome.probes.size(); ++probe) {
    digest.add(outcome.probes[probe].verdict.output);
    PC_ASSIGN_OR_RETURN(Verdict verdict, verdict_of(outcome, probe, window.stage));
    tell(outcome.probes[probe].name, verdict);
    if (verdict.kind == Verdict::Kind::kInconclusive) {
      open = verdict.reason;
    } else if (verdict.kind == Verdict::Kind::kFindings) {
      found = true;
      add_finding(state, window, outcome.probes[probe].name, std::move(verdict));
    }
  }
  lines_seen_ += digest.lines();
  if (open.empty() && failure.seen.empty()) {
    open = fmt::format("nobody looked at the devices after power failure {}",
                       window.number + 1);
  }
  if (!open.empty()) {
    ++certificate_.inconclusive;
    certificate_.inconclusive_reasons.push_back(std::move(open));
    return decided;
  }
  if (std::string text = difference(failure, digest, found, window); !text.empty()) {
    Verdict verdict;
    verdict.kind = Verdict::Kind::kFindings;
    verdict.findings.push_back({"live and log disagree", std::move(text), false});
    tell("live", verdict);
    add_finding(state, window, "live", std::move(verdict));
  }
  certificate_.classes += 1;
  certificate_.states_decided += 1;
  ++certificate_.windows_decided;
  decided.decided = 1;
  decided.tier = DecidedWindow::Tier::kProved;
  return decided;
}

Certificate LiveDecision::take() {
  if (lines_seen_ == 0 && certificate_.findings.empty()) {
    ++certificate_.inconclusive;
    certificate_.inconclusive_reasons.emplace_back(
        "nothing was there after any power failure: nothing was compared");
  }
  return std::move(certificate_);
}

}  // namespace

Result<std::vector<LiveFailure>> list_live_failures(const Timeline& timeline, Cut from) {
  std::vector<LiveFailure> failures;
  for (const Mark& mark : timeline.marks()) {
    const std::string_view text = mark.text;
    if (mark.at < from) {
      continue;
    }
    if (text == kFailure) {
      failures.push_back({mark.at + 1, "", {}});
    } else if (!failures.empty() && text.starts_with(kSeen)) {
      failures.back().seen = text.substr(kSeen.size());
    } else if (!failures.empty() && (text == kKept || text == kBroken)) {
      failures.back().kept = text == kKept;
    }
  }
  if (failures.empty()) {
    return fail(ErrorKind::kBadInput, "the power never failed in this recording",
                "dmsetup message DEVICE 0 powerfail now eio; docs/kernel-target.md has "
                "more");
  }
  return failures;
}

std::vector<Window> live_windows(const std::vector<LiveFailure>& failures,
                                 const Oracle* oracle) {
  std::vector<Window> windows;
  for (const LiveFailure& failure : failures) {
    windows.push_back(
        Window{windows.size(), failure.cut,
               oracle == nullptr ? 0 : stage_at(oracle->boundaries(), failure.cut)});
  }
  return windows;
}

Result<Certificate> decide_live(const std::shared_ptr<const Recording>& recording,
                                const std::shared_ptr<const Durability>& durability,
                                const std::vector<LiveFailure>& failures,
                                StateRunner& runner, const Oracle* oracle,
                                const std::function<bool()>& interrupted,
                                const OnDecidedWindow& on_window) {
  const auto begin = std::chrono::steady_clock::now();
  LiveDecision decision(recording, durability, runner, oracle);
  bool stopped = false;
  const std::vector<Window> windows = live_windows(failures, oracle);
  for (std::size_t i = 0; i < failures.size(); ++i) {
    stopped = stopped || interrupted();
    if (!stopped) {
      PC_ASSIGN_OR_RETURN(const DecidedWindow decided,
                          decision.decide(failures[i], windows[i]));
      if (on_window) {
        PC_RETURN_IF_ERROR(on_window(decided));
      }
    }
  }
  Certificate certificate = decision.take();
  certificate.end = stopped ? EndOfRun::kInterrupted : EndOfRun::kDecided;
  certificate.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return certificate;
}

}  // namespace powercut
