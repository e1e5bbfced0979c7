// SPDX-License-Identifier: GPL-2.0-only

#include "cli/check_recovery.h"

#include "base/ensure.h"
#include "base/signals.h"
#include "cli/progress_line.h"
#include "replay/decider.h"
#include "scenarios/nested.h"

#include <fmt/format.h>

#include <memory>

namespace powercut {

void cross_check(CheckSession& session, Certificate& certificate) {
  const std::unique_ptr<Checker> other = session.judge->checker().cross_checker();
  PC_ENSURE(other != nullptr, "open_check_session() refused it otherwise");
  for (const CrashState& state : certificate.examples) {
    if (interrupted()) {
      return;
    }
    const RunOutcome outcome = value_or_throw(session.judge->run_other(*other, 0, state));
    const Verdict& verdict = outcome.probes[0].verdict;
    ++certificate.cross_checked;
    if (verdict.kind == Verdict::Kind::kInconclusive) {
      ++certificate.inconclusive;
      certificate.inconclusive_reasons.push_back("cross-check: " + verdict.reason);
    } else if (verdict.kind == Verdict::Kind::kFindings) {
      ++certificate.cross_differences;
      FailingClass failing;
      failing.state_id = state.id();
      failing.window = Window{0, state.space->cut()};
      failing.checker = other->name();
      failing.probe = "cross-check";
      failing.fault = "none";
      failing.verdict = verdict;
      failing.states = 1;
      failing.windows = {0};
      certificate.findings.push_back(std::move(failing));
    }
  }
}

std::vector<RecoveryReport> check_recoveries(CheckSession& session,
                                             const Arguments& arguments,
                                             const Certificate& certificate) {
  NestedOptions options;
  options.model = session.model;
  options.model.fault = {};
  options.keep = arguments.text("keep-recoveries");
  options.decide = [&](std::shared_ptr<const Recording> recording, StateRunner& runner,
                       const std::shared_ptr<const Durability>& durability,
                       const std::vector<Window>& windows) {
    ExplorerOptions explorer = explorer_options(arguments);
    explorer.jobs = session.judge->jobs();
    Decider decider(std::move(recording), runner, session.judge->checker().tier(),
                    explorer, inference_options(arguments));
    return decider.decide(durability, windows);
  };
  ProgressLine line;
  std::vector<RecoveryReport> reports;
  for (const CrashState& state : certificate.examples) {
    if (interrupted()) {
      break;
    }
    NestedResult result = value_or_throw(
        explore_recovery(*session.judge, state, *session.run_dir, options));
    line.show_text(fmt::format("recovery {} of {}", reports.size() + 1,
                               certificate.examples.size()));
    reports.push_back(RecoveryReport{result.state_id, result.writes, result.flushes,
                                     std::move(result.certificate), result.log.string(),
                                     result.image.string()});
  }
  line.clear();
  return reports;
}

}  // namespace powercut
