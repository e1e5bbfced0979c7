// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/scenario_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace powercut {

namespace {

bool decided(const Certificate& certificate) {
  return certificate.complete() || certificate.inferred_all();
}

// Of the states, and of the recoveries that were to be interrupted.
bool decided_all(const ScenarioOutcome& outcome) {
  return decided(outcome.certificate) &&
         outcome.recoveries.size() == outcome.recoveries_wanted &&
         std::ranges::all_of(outcome.recoveries, [](const NestedResult& recovery) {
           return decided(recovery.certificate);
         });
}

bool decided_nothing(const ScenarioOutcome& outcome) {
  const Certificate& certificate = outcome.certificate;
  return certificate.tier == Tier::kProved ? certificate.states_decided == 0
                                           : certificate.windows_decided == 0;
}

// There was no recovery to interrupt.
bool recovered_nothing(const ScenarioOutcome& outcome) {
  return outcome.recoveries_wanted != 0 &&
         std::ranges::all_of(outcome.recoveries, [](const NestedResult& recovery) {
           return recovery.writes == 0;
         });
}

// Every finding's text, as it is told: behind the state whose recovery was cut, if so.
std::vector<std::string> texts_of(const ScenarioOutcome& outcome) {
  std::vector<std::string> texts;
  const auto add = [&](const Certificate& certificate, const std::string& where) {
    for (const FailingClass& failing : certificate.findings) {
      for (const Finding& finding : failing.verdict.findings) {
        texts.push_back(where + finding.summary);
      }
      if (failing.verdict.findings.empty()) {
        texts.push_back(where + failing.verdict.summary());
      }
    }
  };
  add(outcome.certificate, "");
  for (const NestedResult& recovery : outcome.recoveries) {
    add(recovery.certificate, fmt::format("in the recovery of {}: ", recovery.state_id));
  }
  return texts;
}

std::string why_not_decided(const ScenarioOutcome& outcome) {
  const auto said = [](const Certificate& certificate) {
    return certificate.inconclusive_reasons.empty()
               ? std::string()
               : "the checker could not judge: " + certificate.inconclusive_reasons[0];
  };
  std::string reason = said(outcome.certificate);
  for (const NestedResult& recovery : outcome.recoveries) {
    reason = reason.empty() ? said(recovery.certificate) : reason;
  }
  if (!reason.empty()) {
    return reason;
  }
  return decided(outcome.certificate)
             ? "not every state of interrupted recovery was decided"
             : "not every permitted state was decided";
}

}  // namespace

void compare_with_expectation(ScenarioOutcome& outcome) {
  using Kind = ScenarioOutcome::Kind;
  const bool nothing = decided_nothing(outcome) || recovered_nothing(outcome);
  const std::vector<std::string> texts = texts_of(outcome);
  const auto is_expected = [&](std::string_view text) {
    return text.find(outcome.expected.text) != std::string_view::npos;
  };
  if (outcome.expected.finding) {
    if (std::ranges::any_of(texts, is_expected)) {
      outcome.kind = Kind::kAsExpected;
      outcome.why = "found, as expected: " + texts[0];
    } else if (!texts.empty()) {
      outcome.kind = Kind::kUnexpected;
      outcome.why = fmt::format("found something else than '{}': {}",
                                outcome.expected.text, texts[0]);
    } else {
      outcome.kind =
          decided_all(outcome) && !nothing ? Kind::kUnexpected : Kind::kInconclusive;
      outcome.why = "a finding was expected, and there is none";
    }
  } else if (!texts.empty()) {
    outcome.kind = Kind::kUnexpected;
    outcome.why = texts[0];
  } else if (nothing) {
    outcome.kind = Kind::kInconclusive;
    outcome.why = decided_nothing(outcome) ? "no state was decided"
                                           : "no recovery wrote anything to the disk";
  } else if (!decided_all(outcome)) {
    outcome.kind = Kind::kInconclusive;
    outcome.why = why_not_decided(outcome);
  } else {
    outcome.kind = Kind::kAsExpected;
    outcome.why = "clean, as expected";
  }
}

}  // namespace powercut
