// SPDX-License-Identifier: GPL-2.0-only
//
// What `powercut run` tells: a line a scenario, and the sum. Its JSON is told in
// docs/report.md.

#pragma once

#include "base/error.h"
#include "replay/certificate.h"
#include "report/check_report.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// How a scenario came out.
enum class ScenarioEnd {
  kAsExpected,
  kUnexpected,    // a finding where none was expected, or none, or another
  kFailed,        // the workload did not end as it should
  kInconclusive,  // not all was decided
  kSkipped,       // something that it needs is missing
};

struct ScenarioResult {
  std::string name;
  std::string about;
  ScenarioEnd end = ScenarioEnd::kSkipped;
  std::string why;  // one line
  bool finding_expected = false;
  std::string kernel;
  std::size_t operations = 0;
  std::size_t acknowledgements = 0;
  double record_seconds = 0;
  double check_seconds = 0;
  std::string kept;           // the log, if kept
  std::string check_command;  // that judges the kept log again
  Certificate certificate;
  std::vector<RecoveryReport> recoveries;  // of depth 2
};

struct RunSummary {
  std::size_t as_expected = 0;
  std::size_t unexpected = 0;
  std::size_t failed = 0;
  std::size_t inconclusive = 0;
  std::size_t skipped = 0;
  std::size_t findings_expected = 0;  // of as_expected
  BigCount states_permitted = 0;
  BigCount states_decided = 0;
  std::uint64_t runs = 0;
  std::size_t operations = 0;
  std::size_t acknowledgements = 0;
  double seconds = 0;  // of recording and checking, all jobs together
  bool interrupted = false;
};

// Prints as results come in (to stdout; nothing if `silent`), and keeps what the end
// needs.
class RunReport {
 public:
  RunReport(bool only_unexpected, bool silent);

  void add(const ScenarioResult& result);
  void finish(bool interrupted);

  const RunSummary& summary() const { return summary_; }

  std::string summary_text() const;
  std::string json() const;

 private:
  bool only_unexpected_;
  bool silent_;
  RunSummary summary_;
  std::vector<std::string> results_;  // as JSON
};

// "ok       new-01  clean, as expected: 12 states, 7 runs, 3 acknowledgements, 0.08 s",
// and of what was not expected its findings below, indented.
std::string result_text(const ScenarioResult& result);

}  // namespace powercut
