// SPDX-License-Identifier: GPL-2.0-only

#include "cli/check_recovery.h"

#include "base/ensure.h"
#include "base/signals.h"
#include "cli/progress_line.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace powercut {

void cross_check(CheckSession& session, Certificate& certificate) {
  const std::unique_ptr<Checker> other = session.judge->checker().cross_checker();
  PC_ENSURE(other != nullptr, "open_check_session() refused it otherwise");
  for (const CrashState& state : certificate.examples) {
    if (interrupted()) {
      return;
    }
    const RunOutcome outcome = value_or_throw(session.judge->run_other(*other, 0, state));
    if (interrupted()) {
      return;  // what was said may be about the Ctrl-C
    }
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
  options.explorer = explorer_options(arguments);
  options.inference = inference_options(arguments);
  options.model = session.recovery_model;
  options.keep = arguments.text("keep-recoveries");
  ProgressLine line;
  std::size_t done = 0;
  std::vector<NestedResult> results = value_or_throw(
      explore_recoveries(*session.judge, certificate.examples, *session.run_dir, options,
                         [&](const NestedResult& /*result*/) {
                           line.show_text(fmt::format("recovery {} of {}", ++done,
                                                      certificate.examples.size()));
                           return true;
                         }));
  line.clear();
  return report_of(std::move(results));
}

std::vector<RecoveryReport> report_of(std::vector<NestedResult> results) {
  std::vector<RecoveryReport> reports;
  for (NestedResult& result : results) {
    reports.push_back(RecoveryReport{std::move(result.state_id), result.writes,
                                     result.flushes, std::move(result.certificate),
                                     result.log.string(), result.image.string()});
  }
  return reports;
}

}  // namespace powercut
