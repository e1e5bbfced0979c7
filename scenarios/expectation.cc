// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/scenario_run.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

void compare_with_expectation(ScenarioOutcome& outcome) {
  using Kind = ScenarioOutcome::Kind;
  const Certificate& certificate = outcome.certificate;
  const bool whole = certificate.complete() || certificate.inferred_all();
  const bool nothing = certificate.tier == Tier::kProved
                           ? certificate.states_decided == 0
                           : certificate.windows_decided == 0;
  const auto first_text = [&] {
    return certificate.findings[0].verdict.findings.empty()
               ? certificate.findings[0].verdict.summary()
               : certificate.findings[0].verdict.findings[0].summary;
  };
  const auto is_expected = [&](const FailingClass& failing) {
    return std::any_of(failing.verdict.findings.begin(), failing.verdict.findings.end(),
                       [&](const Finding& finding) {
                         return finding.summary.find(outcome.expected.text) !=
                                std::string::npos;
                       });
  };
  if (outcome.expected.finding) {
    if (std::any_of(certificate.findings.begin(), certificate.findings.end(),
                    is_expected)) {
      outcome.kind = Kind::kAsExpected;
      outcome.why = "found, as expected: " + first_text();
    } else if (!certificate.findings.empty()) {
      outcome.kind = Kind::kUnexpected;
      outcome.why = fmt::format("found something else than '{}': {}",
                                outcome.expected.text, first_text());
    } else {
      outcome.kind = whole && !nothing ? Kind::kUnexpected : Kind::kInconclusive;
      outcome.why = "a finding was expected, and there is none";
    }
    return;
  }
  if (!certificate.findings.empty()) {
    outcome.kind = Kind::kUnexpected;
    outcome.why = first_text();
  } else if (nothing) {
    outcome.kind = Kind::kInconclusive;
    outcome.why = "no state was decided";
  } else if (!whole) {
    outcome.kind = Kind::kInconclusive;
    outcome.why =
        certificate.inconclusive_reasons.empty()
            ? "not every permitted state was decided"
            : "the checker could not judge: " + certificate.inconclusive_reasons[0];
  } else {
    outcome.kind = Kind::kAsExpected;
    outcome.why = "clean, as expected";
  }
}

}  // namespace powercut
