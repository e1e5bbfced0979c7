// SPDX-License-Identifier: GPL-2.0-only

#include "cli/stored_findings.h"

#include "base/mapped_file.h"
#include "report/check_file.h"
#include "results/result_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <string_view>

namespace powercut {

namespace {

using Json = nlohmann::ordered_json;

// The model in the key of a subject: device, fault, discard as a number, atomic unit.
std::optional<CrashModel> model_in(const std::string& text) {
  std::istringstream words(text);
  std::string device;
  std::string fault;
  int discard = 0;
  words >> device >> fault >> discard;
  const Result<DeviceModel> device_model = parse_device_model(device);
  const Result<FaultModel> fault_model = parse_fault(fault);
  if (!words || !device_model || !fault_model || discard < 0 ||
      discard > static_cast<int>(DiscardPolicy::kEither)) {
    return std::nullopt;
  }
  return CrashModel{*device_model, *fault_model, static_cast<DiscardPolicy>(discard), 0};
}

// The model of a check of this log with its positions; nothing for another's.
std::optional<CrashModel> model_of(const std::string& subject, const Recording& recording,
                                   const std::string& format1) {
  const Json json = Json::parse(subject, nullptr, false);
  if (!json.is_object() || !json.contains("model") || !json["model"].is_string() ||
      json.value("log", Json()) != fmt::format("{:016x}", recording.log().digest()) ||
      json.value("format1", Json()) != format1) {
    return std::nullopt;
  }
  return model_in(json["model"].get<std::string>());
}

}  // namespace

Result<std::vector<NamedState>> findings_in_results(const std::filesystem::path& path,
                                                    const Recording& recording,
                                                    const std::string& format1) {
  if (!std::filesystem::exists(path)) {
    return fail(ErrorKind::kUsage, fmt::format("there is no {}", path.native()),
                "--results names the file that `check --results` made");
  }
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<ResultStore> store, ResultStore::open(path));
  PC_ASSIGN_OR_RETURN(const auto sessions, store->ended_sessions());
  std::vector<NamedState> states;
  bool known = false;
  for (const auto& [session, subject] : sessions) {
    const std::optional<CrashModel> model = model_of(subject, recording, format1);
    if (!model) {
      continue;
    }
    known = true;
    PC_ASSIGN_OR_RETURN(const std::vector<StoredFinding> findings,
                        store->findings(session));
    for (const StoredFinding& finding : findings) {
      states.push_back(NamedState{finding.state_id, *model});
    }
  }
  if (!known) {
    return fail(ErrorKind::kUsage,
                fmt::format("no check of this log ended in {}", path.native()),
                "give the log that was checked, and the same --format1");
  }
  return states;
}

Result<std::vector<NamedState>> findings_in_report(const std::filesystem::path& path,
                                                   const Recording& recording,
                                                   DiscardPolicy otherwise) {
  // This says what is wrong with the file, if something is.
  PC_ASSIGN_OR_RETURN(const Json report, read_check_file(path, recording));
  PC_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(path));
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()),
                              file.bytes().size());
  const Json json = Json::parse(text, nullptr, false);
  CrashModel model;
  PC_ASSIGN_OR_RETURN(model.device, parse_device_model(json["model"].get<std::string>()));
  model.discard = otherwise;
  if (json.contains("discard") && json["discard"].is_string()) {
    PC_ASSIGN_OR_RETURN(model.discard,
                        parse_discard_policy(json["discard"].get<std::string>()));
  }
  std::vector<NamedState> states;
  for (const Json& finding : report["findings"]) {
    if (finding.contains("recovery_of")) {
      continue;  // a state of the log of a recovery, which is not this one
    }
    PC_ASSIGN_OR_RETURN(model.fault, parse_fault(finding["fault"].get<std::string>()));
    states.push_back(NamedState{finding["id"].get<std::string>(), model});
  }
  return states;
}

}  // namespace powercut
