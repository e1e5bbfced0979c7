// SPDX-License-Identifier: GPL-2.0-only

#include "cli/check_state.h"

#include "cli/command.h"

#include <fmt/format.h>

namespace powercut {

int check_state(CheckSession& session, const CrashState& state, const std::string& id) {
  RunOutcome outcome = value_or_throw(session.judge->run(0, state));
  int code = kExitClean;
  for (const ProbeOutcome& probe : outcome.probes) {
    const bool base = &probe == outcome.probes.data();
    const Verdict verdict =
        session.oracle == nullptr
            ? probe.verdict
            : value_or_throw(judge_stage(
                  *session.oracle,
                  stage_at(session.oracle->boundaries(), state.space->cut()),
                  outcome.probes[0].verdict, base ? nullptr : &probe.verdict));
    if (!base && verdict.kind == Verdict::Kind::kClean) {
      continue;
    }
    fmt::print("state      {}\n{}verdict    {}\n", id,
               base ? "" : fmt::format("probe      {}\n", probe.name), verdict.summary());
    if (!verdict.output.empty()) {
      fmt::print("output of the checker:\n{}", verdict.output);
    }
    if (verdict.kind == Verdict::Kind::kFindings) {
      code = kExitFindings;
    } else if (verdict.kind == Verdict::Kind::kInconclusive && code == kExitClean) {
      code = kExitHarness;
    }
  }
  return code;
}

}  // namespace powercut
