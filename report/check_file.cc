// SPDX-License-Identifier: GPL-2.0-only

#include "report/check_file.h"

#include "base/mapped_file.h"
#include "report/check_report.h"
#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

namespace {

using Json = nlohmann::ordered_json;

// What a file can hold that is JSON and no report; caught in read_check_file().
struct NotAReport : std::runtime_error {
  using std::runtime_error::runtime_error;
};

BigCount count_of(const Json& json, const char* field) {
  const std::string digits = json.at(field).get<std::string>();
  constexpr std::size_t kMostDigits = 100000;
  if (digits.empty() || digits.size() > kMostDigits ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    throw NotAReport(fmt::format("'{}' is no number", field));
  }
  // A leading zero would make it octal.
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  return BigCount(digits.substr(first));
}

EndOfRun end_of(const std::string& name) {
  static constexpr std::array<std::pair<const char*, EndOfRun>, 6> kEnds = {
      {{"decided", EndOfRun::kDecided},
       {"max-runs", EndOfRun::kMaxRuns},
       {"time", EndOfRun::kTime},
       {"stop-after", EndOfRun::kStopAfter},
       {"interrupted", EndOfRun::kInterrupted},
       {"inconclusive", EndOfRun::kInconclusive}}};
  for (const auto& [known, end] : kEnds) {
    if (name == known) {
      return end;
    }
  }
  throw NotAReport("'ended' is not known");
}

InferredWindow inferred_of(const Json& json) {
  InferredWindow window;
  window.window.number = json.at("window").get<std::size_t>();
  window.pending = json.at("pending").get<std::size_t>();
  window.permitted = count_of(json, "permitted");
  window.inferred = json.at("inferred").get<bool>();
  window.confidence = json.at("confidence").get<double>();
  window.share = json.at("share").get<double>();
  window.deciding_writes = json.at("deciding_writes").get<std::vector<std::uint64_t>>();
  window.outcomes = json.at("outcomes").get<std::size_t>();
  window.runs = json.at("runs").get<std::uint64_t>();
  window.random_runs = json.at("random_runs").get<std::uint64_t>();
  window.why_not = json.value("why_not", "");
  return window;
}

// As far as its sentences need it.
Certificate certificate_of(const Json& json) {
  Certificate certificate;
  const std::string tier = json.at("tier").get<std::string>();
  if (tier != "proved" && tier != "inferred") {
    throw NotAReport("'tier' is not known");
  }
  certificate.tier = tier == "proved" ? Tier::kProved : Tier::kInferred;
  certificate.windows = json.at("windows").get<std::size_t>();
  certificate.windows_decided = json.at("windows_decided").get<std::size_t>();
  certificate.most_pending = json.at("most_pending").get<std::size_t>();
  certificate.states_permitted = count_of(json, "states_permitted");
  certificate.states_decided = count_of(json, "states_decided");
  certificate.classes = json.at("classes").get<std::uint64_t>();
  certificate.probe_classes = json.at("probe_classes").get<std::uint64_t>();
  certificate.runs = json.at("runs").get<std::uint64_t>();
  certificate.memo_hits = json.at("memo_hits").get<std::uint64_t>();
  certificate.audited = json.at("audited").get<std::uint64_t>();
  certificate.audit_share = certificate.audited > 0 ? 1 : 0;
  certificate.cross_checked = json.at("cross_checked").get<std::uint64_t>();
  certificate.cross_differences = json.at("cross_differences").get<std::uint64_t>();
  certificate.inconclusive = json.at("inconclusive").get<std::uint64_t>();
  certificate.inconclusive_reasons =
      json.at("inconclusive_reasons").get<std::vector<std::string>>();
  certificate.end = end_of(json.at("ended").get<std::string>());
  for (const Json& window : json.at("inferred")) {
    certificate.inferred.push_back(inferred_of(window));
  }
  for (const Json& finding : json.at("findings")) {
    FailingClass failing;
    failing.probe = finding.at("probe").get<std::string>();
    failing.states = count_of(finding, "states");
    certificate.findings.push_back(std::move(failing));
  }
  // The sentence is made from the numbers; they must not say more than the file does.
  if (certificate.states_decided > certificate.states_permitted ||
      certificate.complete() != json.at("complete").get<bool>() ||
      certificate.inferred_all() != json.at("inferred_all").get<bool>()) {
    throw NotAReport("its numbers contradict each other");
  }
  return certificate;
}

const char* outcome_of(const Certificate& certificate) {
  if (!certificate.findings.empty()) {
    return "findings";
  }
  if (certificate.inferred_all()) {
    return "inferred";
  }
  if (certificate.tier == Tier::kInferred) {
    return certificate.windows_decided == 0 ? "nothing" : "partial";
  }
  if (certificate.complete()) {
    return "proved";
  }
  return certificate.states_decided == 0 ? "nothing" : "partial";
}

// A text as it is, anything else as JSON.
std::string text_of(const Json& json) {
  return json.is_string() ? json.get<std::string>()
                          : json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json explanation_of(const Json& json) {
  Json result;
  result["text"] = json.at("text").get<std::string>();
  result["writes"] = Json::array();
  if (!json.contains("writes")) {
    return result;
  }
  for (const Json& write : json.at("writes")) {
    Json entry;
    // Format 1 knows entries, format 2 events.
    const bool by_entry = !write.contains("seq") || write.at("seq").is_null();
    entry["seq"] = write.at(by_entry ? "entry" : "seq").get<std::uint64_t>();
    for (const char* field : {"holds", "covered_by"}) {
      if (write.contains(field) && !write.at(field).is_null()) {
        entry[field] = text_of(write.at(field));
      }
    }
    result["writes"].push_back(entry);
  }
  return result;
}

Json finding_of(const Json& json, const Timeline& timeline) {
  Json finding;
  for (const char* field :
       {"id", "checker", "probe", "fault", "summary", "output", "reproduce"}) {
    finding[field] = json.at(field).get<std::string>();
  }
  for (const char* field : {"signature", "cause"}) {  // the one is new, the other rare
    if (json.contains(field)) {
      finding[field] = json.at(field).get<std::string>();
    }
  }
  finding["states"] = count_text(count_of(json, "states"));
  finding["window"] = json.at("window").get<std::uint64_t>();
  finding["windows"] = json.at("windows").get<std::vector<std::uint64_t>>();
  finding["lost"] = json.at("lost").get<std::vector<std::string>>();
  finding["complaints"] = Json::array();
  for (const Json& complaint : json.at("complaints")) {
    finding["complaints"].push_back(complaint.at("summary").get<std::string>());
  }
  const Cut cut = json.at("cut").get<Cut>();
  if (cut > timeline.end()) {
    throw NotAReport(fmt::format("cut {} is beyond the end of the log", cut));
  }
  finding["cut"] = cut;
  if (cut > 0) {
    finding["seq"] = timeline.seq_at(cut - 1);
  }
  if (json.contains("explanation") && !json.at("explanation").is_null()) {
    finding["explanation"] = explanation_of(json.at("explanation"));
  }
  return finding;
}

void add_row(Json& rows, const std::string& label, const std::string& text) {
  rows.push_back(Json::array({label, text}));
}

void add_texts(Json& rows, const std::string& label, const Json& texts) {
  for (const std::string& text : texts.get<std::vector<std::string>>()) {
    add_row(rows, label, text);
  }
}

// What was checked, and how.
void add_context(Json& rows, const Json& json) {
  add_row(rows, "range",
          fmt::format("{} to {}", json.at("from").get<std::string>(),
                      json.at("to").get<std::string>()));
  const std::string unit = text_of(json.at("atomic_unit"));
  add_row(rows, "model",
          fmt::format("{}, atomic: {}, fault: {}", json.at("model").get<std::string>(),
                      unit == "write" ? "whole writes" : unit + " bytes",
                      json.at("fault").get<std::string>()));
  add_row(rows, "checker",
          fmt::format("{}, {}, seed {}", json.at("checker").get<std::string>(),
                      plural(json.at("jobs").get<std::uint64_t>(), "job"),
                      json.at("seed").get<std::uint64_t>()));
  if (json.contains("mounted")) {
    add_row(rows, "mounted", json.at("mounted").get<std::string>());
  }
  for (const std::string& text : json.at("baseline").get<std::vector<std::string>>()) {
    add_row(rows, "baseline", "subtracted, it is there without a crash: " + text);
  }
  if (json.at("log_format").get<int>() == 1) {
    add_row(rows, "note", "completion order only: a subset of the permitted states");
  }
  add_texts(rows, "warning", json.at("warnings"));
}

// With --depth 2: power cuts during recovery.
void add_recoveries(Json& result, const Json& json, const Timeline& timeline) {
  std::vector<RecoveryReport> recoveries;
  for (const Json& entry : json) {
    RecoveryReport recovery;
    recovery.state_id = entry.at("state").get<std::string>();
    recovery.writes = entry.at("writes").get<std::size_t>();
    recovery.flushes = entry.at("flushes").get<std::size_t>();
    recovery.certificate = certificate_of(entry);
    for (const Json& finding : entry.at("findings")) {
      // Its cut is one of the recovery's log: nothing that could be shown here.
      Json inner = finding;
      inner["cut"] = 0;
      Json shown = finding_of(inner, timeline);
      shown.erase("cut");
      shown["recovery_of"] = recovery.state_id;
      result["findings"].push_back(shown);
      result["outcome"] = "findings";
    }
    recoveries.push_back(std::move(recovery));
  }
  if (recoveries.empty()) {
    return;
  }
  const std::string text = recovery_text(CheckContext{}, recoveries, recoveries.size());
  const std::size_t last = text.rfind('\n', text.size() - 2);
  constexpr std::size_t kLabel = 11;
  add_row(result["rows"], "recovery",
          text.substr(last + 1 + kLabel, text.size() - last - 2 - kLabel));
}

Json checked(const Json& json, const Timeline& timeline) {
  const Certificate certificate = certificate_of(json);
  Json result;
  result["kind"] = "check";
  result["verdict"] = conclusion(certificate);
  result["outcome"] = outcome_of(certificate);
  result["rows"] = Json::array();
  for (const ReportLine& line : certificate_lines(certificate)) {
    add_row(result["rows"], line.label, line.text);
  }
  add_texts(result["rows"], "inconclusive", json.at("inconclusive_reasons"));
  result["findings"] = Json::array();
  for (const Json& finding : json.at("findings")) {
    result["findings"].push_back(finding_of(finding, timeline));
  }
  if (json.contains("recoveries")) {
    add_recoveries(result, json.at("recoveries"), timeline);
  }
  add_context(result["rows"], json);
  return result;
}

Json mutated(const Json& json, const Timeline& timeline) {
  Json result;
  result["kind"] = "mutations";
  result["outcome"] = "mutations";
  result["rows"] = Json::array();
  result["findings"] = Json::array();
  result["mutations"] = Json::array();
  std::uint64_t weight = 0;
  for (const Json& entry : json.at("mutations")) {
    Mutation mutation;
    mutation.flush = entry.at("flush").get<std::uint64_t>();
    mutation.writes = entry.at("writes").get<std::size_t>();
    mutation.certificate = certificate_of(entry);
    const bool carries = !mutation.certificate.findings.empty();
    std::string verdict;
    if (carries) {
      const Json shown = finding_of(entry.at("findings").at(0), timeline);
      verdict = "CARRIES WEIGHT: " + shown.at("summary").get<std::string>();
      result["findings"].push_back(shown);
    } else {
      verdict = mutation_verdict(mutation);
    }
    weight += carries ? 1 : 0;
    result["mutations"].push_back({{"flush", mutation.flush},
                                   {"writes", mutation.writes},
                                   {"runs", mutation.certificate.runs},
                                   {"carries_weight", carries},
                                   {"verdict", verdict}});
  }
  result["verdict"] = fmt::format("{} of {} carry weight", weight,
                                  plural(result["mutations"].size(), "flush"));
  add_context(result["rows"], json);
  return result;
}

}  // namespace

Result<Json> read_check_file(const std::filesystem::path& path,
                             const Recording& recording) {
  PC_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(path));
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()),
                              file.bytes().size());
  const std::string hint = "`powercut check LOG --json FILE` writes one";
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    return fail(ErrorKind::kBadInput, fmt::format("{} is no JSON", path.string()), hint);
  }
  try {
    const std::string digest = json.at("log_digest").get<std::string>();
    const std::string wanted = fmt::format("{:016x}", recording.log().digest());
    if (digest != wanted) {
      return fail(ErrorKind::kBadInput,
                  fmt::format("{} is of another log: the digest there is {:.40}, of this "
                              "log {}",
                              path.string(), digest, wanted),
                  "give the log that was checked, or check this one");
    }
    return json.contains("mutations") ? mutated(json, recording.timeline())
                                      : checked(json, recording.timeline());
  } catch (const Json::exception& error) {
    // "[json.exception.out_of_range.403] key 'tier' not found"
    const std::string what = error.what();
    const std::size_t end = what.find("] ");
    return fail(ErrorKind::kBadInput,
                fmt::format("{} is no report of a check: {}", path.string(),
                            end == std::string::npos ? what : what.substr(end + 2)),
                hint);
  } catch (const NotAReport& error) {
    return fail(
        ErrorKind::kBadInput,
        fmt::format("{} is no report of a check: {}", path.string(), error.what()), hint);
  }
}

}  // namespace powercut
