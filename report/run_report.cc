// SPDX-License-Identifier: GPL-2.0-only

#include "report/run_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <numeric>

namespace powercut {

namespace {

using Json = nlohmann::ordered_json;

const char* word_of(ScenarioEnd end) {
  switch (end) {
    case ScenarioEnd::kAsExpected:
      return "ok";
    case ScenarioEnd::kUnexpected:
      return "FAIL";
    case ScenarioEnd::kFailed:
      return "BROKEN";
    case ScenarioEnd::kInconclusive:
      return "OPEN";
    case ScenarioEnd::kSkipped:
      return "skip";
  }
  return "?";
}

const char* name_of(ScenarioEnd end) {
  switch (end) {
    case ScenarioEnd::kAsExpected:
      return "as-expected";
    case ScenarioEnd::kUnexpected:
      return "unexpected";
    case ScenarioEnd::kFailed:
      return "workload-failed";
    case ScenarioEnd::kInconclusive:
      return "inconclusive";
    case ScenarioEnd::kSkipped:
      return "skipped";
  }
  return "unknown";
}

// "6 recoveries with 120 states, 80 runs, "; empty if none was looked at.
std::string recoveries_text(const ScenarioResult& result) {
  BigCount states = 0;
  std::uint64_t runs = 0;
  for (const RecoveryReport& recovery : result.recoveries) {
    states += recovery.certificate.states_permitted;
    runs += recovery.certificate.runs;
  }
  return result.recoveries.empty()
             ? ""
             : fmt::format("{} recoveries with {} states, {} runs, ",
                           result.recoveries.size(), to_decimal(states), runs);
}

std::string counts_text(const ScenarioResult& result) {
  const Certificate& certificate = result.certificate;
  return fmt::format("{} states, {} runs, {}{}{} acknowledgements, {:.2f} s",
                     to_decimal(certificate.states_permitted), certificate.runs,
                     certificate.tier == Tier::kInferred ? "inferred, " : "",
                     recoveries_text(result), result.acknowledgements,
                     result.record_seconds + result.check_seconds);
}

Json findings_json(const Certificate& certificate) {
  Json findings = Json::array();
  for (const FailingClass& failing : certificate.findings) {
    Json texts = Json::array();
    for (const Finding& finding : failing.verdict.findings) {
      texts.push_back(finding.summary);
    }
    findings.push_back({{"id", failing.state_id},
                        {"window", failing.window.number},
                        {"stage", failing.window.stage},
                        {"probe", failing.probe},
                        {"states", to_decimal(failing.states)},
                        {"complaints", texts},
                        {"lost", failing.lost}});
  }
  return findings;
}

Json recovery_json(const RecoveryReport& recovery) {
  const Certificate& certificate = recovery.certificate;
  return {{"state", recovery.state_id},
          {"writes", recovery.writes},
          {"flushes", recovery.flushes},
          {"decided", certificate.complete() || certificate.inferred_all()},
          {"states_permitted", to_decimal(certificate.states_permitted)},
          {"runs", certificate.runs},
          {"findings", findings_json(certificate)}};
}

std::string json_of(const ScenarioResult& result) {
  const Certificate& certificate = result.certificate;
  Json json;
  json["name"] = result.name;
  json["result"] = name_of(result.end);
  json["why"] = result.why;
  json["finding_expected"] = result.finding_expected;
  json["kernel"] = result.kernel;
  json["operations"] = result.operations;
  json["acknowledgements"] = result.acknowledgements;
  // What was not looked at at all is not proved.
  json["proved"] = certificate.tier == Tier::kProved && certificate.complete() &&
                   certificate.states_decided != 0;
  json["inferred"] = certificate.inferred_all();
  json["windows"] = certificate.windows;
  json["states_permitted"] = to_decimal(certificate.states_permitted);
  json["states_decided"] = to_decimal(certificate.states_decided);
  json["classes"] = certificate.classes;
  json["probe_classes"] = certificate.probe_classes;
  json["runs"] = certificate.runs;
  json["inconclusive"] = std::accumulate(
      result.recoveries.begin(), result.recoveries.end(), certificate.inconclusive,
      [](std::uint64_t sum, const RecoveryReport& recovery) {
        return sum + recovery.certificate.inconclusive;
      });
  json["record_seconds"] = result.record_seconds;
  json["check_seconds"] = result.check_seconds;
  if (!result.kept.empty()) {
    json["log"] = result.kept;
    json["check"] = result.check_command;
  }
  json["findings"] = findings_json(certificate);
  json["recoveries"] = Json::array();
  for (const RecoveryReport& recovery : result.recoveries) {
    json["recoveries"].push_back(recovery_json(recovery));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string findings_text(const Certificate& certificate, const std::string& where) {
  constexpr std::size_t kMost = 5;
  std::size_t told = 0;
  std::string text;
  for (const FailingClass& failing : certificate.findings) {
    if (told++ == kMost) {
      text += fmt::format("        and {} more\n", certificate.findings.size() - kMost);
      break;
    }
    text += fmt::format("        {}state {}, {} like it\n", where, failing.state_id,
                        to_decimal(failing.states));
    for (const Finding& finding : failing.verdict.findings) {
      text += fmt::format("          {}\n", finding.summary);
    }
    for (const std::string& line : failing.lost) {
      text += fmt::format("          {}\n", line);
    }
  }
  return text;
}

}  // namespace

std::string result_text(const ScenarioResult& result) {
  std::string text =
      fmt::format("{:<6}  {}  {}", word_of(result.end), result.name, result.why);
  if (result.end == ScenarioEnd::kSkipped) {
    return text + "\n";
  }
  text += fmt::format(": {}\n", counts_text(result));
  if (result.end == ScenarioEnd::kAsExpected) {
    return text;
  }
  text += findings_text(result.certificate, "");
  for (const RecoveryReport& recovery : result.recoveries) {
    text += findings_text(recovery.certificate,
                          fmt::format("in the recovery of {}, ", recovery.state_id));
  }
  if (!result.kept.empty()) {
    text += fmt::format("        kept: {}\n", result.check_command);
  }
  return text;
}

RunReport::RunReport(bool only_unexpected, bool silent)
    : only_unexpected_(only_unexpected), silent_(silent) {}

void RunReport::add(const ScenarioResult& result) {
  switch (result.end) {
    case ScenarioEnd::kAsExpected:
      ++summary_.as_expected;
      summary_.findings_expected += result.finding_expected ? 1 : 0;
      break;
    case ScenarioEnd::kUnexpected:
      ++summary_.unexpected;
      break;
    case ScenarioEnd::kFailed:
      ++summary_.failed;
      break;
    case ScenarioEnd::kInconclusive:
      ++summary_.inconclusive;
      break;
    case ScenarioEnd::kSkipped:
      ++summary_.skipped;
      break;
  }
  summary_.states_permitted += result.certificate.states_permitted;
  // What was inferred counts as decided here; each scenario says which it is.
  summary_.states_decided += result.certificate.inferred_all()
                                 ? result.certificate.states_permitted
                                 : result.certificate.states_decided;
  summary_.runs += result.certificate.runs;
  summary_.operations += result.operations;
  summary_.acknowledgements += result.acknowledgements;
  summary_.seconds += result.record_seconds + result.check_seconds;
  results_.push_back(json_of(result));
  if (!silent_ && (!only_unexpected_ || result.end != ScenarioEnd::kAsExpected)) {
    fmt::print("{}", result_text(result));
    std::fflush(stdout);
  }
}

void RunReport::finish(bool interrupted) {
  summary_.interrupted = interrupted;
}

std::string RunReport::summary_text() const {
  const RunSummary& sum = summary_;
  std::string text = fmt::format(
      "{} scenarios: {} as expected ({} with a finding), {} not, {} workloads failed, {} "
      "inconclusive, {} skipped\n{} of {} states decided by {} checker runs, {} "
      "operations, {} "
      "acknowledgements, {:.1f} s\n",
      sum.as_expected + sum.unexpected + sum.failed + sum.inconclusive + sum.skipped,
      sum.as_expected, sum.findings_expected, sum.unexpected, sum.failed,
      sum.inconclusive, sum.skipped, to_decimal(sum.states_decided),
      to_decimal(sum.states_permitted), sum.runs, sum.operations, sum.acknowledgements,
      sum.seconds);
  if (sum.interrupted) {
    text += "interrupted: the rest was not run\n";
  }
  return text;
}

std::string RunReport::json() const {
  const RunSummary& sum = summary_;
  Json json;
  json["scenarios"] = Json::array();
  for (const std::string& result : results_) {
    json["scenarios"].push_back(Json::parse(result));
  }
  json["as_expected"] = sum.as_expected;
  json["findings_expected"] = sum.findings_expected;
  json["unexpected"] = sum.unexpected;
  json["failed"] = sum.failed;
  json["inconclusive"] = sum.inconclusive;
  json["skipped"] = sum.skipped;
  json["states_permitted"] = to_decimal(sum.states_permitted);
  json["states_decided"] = to_decimal(sum.states_decided);
  json["runs"] = sum.runs;
  json["seconds"] = sum.seconds;
  json["interrupted"] = sum.interrupted;
  return json.dump(2) + "\n";
}

}  // namespace powercut
