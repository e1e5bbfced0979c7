// SPDX-License-Identifier: GPL-2.0-only

#include "replay/signature.h"
#include "report/check_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace powercut {

namespace {

using Json = nlohmann::ordered_json;

Json finding_json(const CheckContext& context, const FailingClass& failing) {
  Json json;
  json["id"] = failing.state_id;
  json["window"] = failing.window.number;
  json["windows"] = failing.windows;
  json["cut"] = failing.window.cut;
  json["checker"] = failing.checker;
  json["probe"] = failing.probe;
  json["fault"] = failing.fault;
  json["summary"] = failing.verdict.summary();
  json["states"] = to_decimal(failing.states);
  Json complaints = Json::array();
  for (const Finding& finding : failing.verdict.findings) {
    complaints.push_back({{"key", finding.key}, {"summary", finding.summary}});
  }
  json["signature"] = signature_of(failing);
  json["complaints"] = complaints;
  json["lost"] = failing.lost;
  json["output"] = failing.verdict.output;
  json["reproduce"] = reproduce_command(context, failing);
  if (const Explanation* const explanation = context.explanation_of(failing)) {
    json["cause"] = failing.cause;
    json["explanation"] = Json::parse(explanation_json(*explanation));
  }
  return json;
}

std::string end_name(EndOfRun end) {
  switch (end) {
    case EndOfRun::kDecided:
      return "decided";
    case EndOfRun::kMaxRuns:
      return "max-runs";
    case EndOfRun::kTime:
      return "time";
    case EndOfRun::kStopAfter:
      return "stop-after";
    case EndOfRun::kInterrupted:
      return "interrupted";
    case EndOfRun::kInconclusive:
      return "inconclusive";
  }
  return "unknown";
}

Json inferred_json(const InferredWindow& window) {
  Json json;
  json["window"] = window.window.number;
  json["cut"] = window.window.cut;
  json["pending"] = window.pending;
  json["permitted"] = to_decimal(window.permitted);
  json["inferred"] = window.inferred;
  json["confidence"] = window.confidence;
  json["share"] = window.share;
  json["deciding_writes"] = window.deciding_writes;
  json["outcomes"] = window.outcomes;
  json["runs"] = window.runs;
  json["random_runs"] = window.random_runs;
  if (!window.inferred) {
    json["why_not"] = window.why_not;
  }
  return json;
}

Json certificate_json(const CheckContext& context, const Certificate& certificate) {
  Json json;
  json["windows"] = certificate.windows;
  json["windows_decided"] = certificate.windows_decided;
  json["most_pending"] = certificate.most_pending;
  json["states_permitted"] = to_decimal(certificate.states_permitted);
  json["states_decided"] = to_decimal(certificate.states_decided);
  json["tier"] = certificate.tier == Tier::kProved ? "proved" : "inferred";
  json["proved"] = to_decimal(certificate.states_decided);
  json["inferred"] = Json::array();
  for (const InferredWindow& window : certificate.inferred) {
    json["inferred"].push_back(inferred_json(window));
  }
  json["classes"] = certificate.classes;
  json["probe_classes"] = certificate.probe_classes;
  json["runs"] = certificate.runs;
  json["memo_hits"] = certificate.memo_hits;
  json["audited"] = certificate.audited;
  json["cross_checked"] = certificate.cross_checked;
  json["cross_differences"] = certificate.cross_differences;
  json["findings"] = Json::array();
  for (const FailingClass& failing : certificate.findings) {
    json["findings"].push_back(finding_json(context, failing));
  }
  json["inconclusive"] = certificate.inconclusive;
  json["inconclusive_reasons"] = certificate.inconclusive_reasons;
  json["complete"] = certificate.complete();
  json["inferred_all"] = certificate.inferred_all();
  json["ended"] = end_name(certificate.end);
  json["seconds"] = certificate.seconds;
  return json;
}

void add_context(Json& json, const Recording& recording, const CrashModel& model,
                 const CheckContext& context) {
  json["log"] = context.log_path;
  json["log_digest"] = fmt::format("{:016x}", recording.log().digest());
  json["log_format"] = recording.log().format() == LogFormat::k1 ? 1 : 2;
  json["order"] = recording.log().format() == LogFormat::k1 ? "completion"
                                                            : "submission and completion";
  json["from"] = context.from;
  json["to"] = context.to;
  json["model"] = to_string(model.device);
  json["fault"] = to_string(model.fault);
  json["discard"] = to_string(model.discard);
  if (model.atomic_bytes == 0) {
    json["atomic_unit"] = "write";
  } else {
    json["atomic_unit"] = model.atomic_bytes;
  }
  json["checker"] = context.checker;
  json["baseline"] = context.baseline;
  if (!context.mounted.empty()) {
    json["mounted"] = context.mounted;
  }
  json["jobs"] = context.jobs;
  json["seed"] = context.seed;
  json["warnings"] = recording.warnings();
  json["notes"] = context.notes;
}

// Program output may hold any bytes; JSON holds UTF-8.
std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string check_json(const Recording& recording, const CrashModel& model,
                       const CheckContext& context, const Certificate& certificate,
                       const std::vector<RecoveryReport>& recoveries) {
  Json json = certificate_json(context, certificate);
  json["recoveries"] = Json::array();
  for (const RecoveryReport& recovery : recoveries) {
    CheckContext inner = context;
    inner.log_path = recovery.log.empty() ? "RECOVERY" : recovery.log;
    inner.state_flags = " --base " + (recovery.image.empty() ? "IMAGE" : recovery.image);
    inner.check_flags = " --from start" + context.recovery_flags;
    Json entry = certificate_json(inner, recovery.certificate);
    entry["state"] = recovery.state_id;
    entry["writes"] = recovery.writes;
    entry["flushes"] = recovery.flushes;
    json["recoveries"].push_back(entry);
  }
  add_context(json, recording, model, context);
  return dump(json);
}

std::string mutation_json(const Recording& recording, const CrashModel& model,
                          const CheckContext& context,
                          const std::vector<Mutation>& mutations) {
  Json json;
  json["mutations"] = Json::array();
  for (const Mutation& mutation : mutations) {
    CheckContext mutated = context;
    mutated.state_flags += fmt::format(" --fault ignore-flush:{}", mutation.flush);
    Json entry = certificate_json(mutated, mutation.certificate);
    entry["flush"] = mutation.flush;
    entry["seq"] = mutation.seq;
    entry["writes"] = mutation.writes;
    entry["carries_weight"] = !mutation.certificate.findings.empty();
    entry["verdict"] = mutation_verdict(mutation);
    json["mutations"].push_back(entry);
  }
  add_context(json, recording, model, context);
  return dump(json);
}

}  // namespace powercut
