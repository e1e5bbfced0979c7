// SPDX-License-Identifier: GPL-2.0-only

#include "report/test_cases.h"

#include "replay/signature.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>

namespace powercut {

namespace {

using Json = nlohmann::json;
using Kind = TestCase::Kind;

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char letter) { return letter == '\n' || letter == '\r'; }, ' ');
  return text;
}

// Of a check's certificate or of a recovery's.
bool is_whole(const Json& json) {
  return json.at("complete").get<bool>() || json.at("inferred_all").get<bool>();
}

// How many recoveries are not decided, and of these how many could not be judged.
std::pair<std::size_t, std::size_t> open_recoveries(const Json& json,
                                                    std::string& reasons) {
  std::pair<std::size_t, std::size_t> open;
  for (const Json& recovery : json.value("recoveries", Json::array())) {
    open.first += is_whole(recovery) ? 0 : 1;
    open.second += recovery.at("inconclusive").get<std::uint64_t>() > 0 ? 1 : 0;
    for (const Json& reason : recovery.at("inconclusive_reasons")) {
      reasons += one_line(reason.get<std::string>()) + "\n";
    }
  }
  return open;
}

TestCase decided_case(const Json& json) {
  TestCase one;
  one.name = fmt::format("permitted states decided ({}, {})",
                         json.at("checker").get<std::string>(),
                         json.at("model").get<std::string>());
  one.seconds = json.at("seconds").get<double>();
  const std::string permitted = json.at("states_permitted").get<std::string>();
  const std::string decided = json.at("states_decided").get<std::string>();
  const bool inferred = json.at("inferred_all").get<bool>();
  const std::string how =
      fmt::format("{} of {} permitted states decided by {} runs", decided, permitted,
                  json.at("runs").get<std::uint64_t>());
  one.message = inferred ? "every window inferred, which is no proof" : how;
  const bool nothing = json.at("tier") == "inferred"
                           ? json.at("windows_decided").get<std::size_t>() == 0
                           : decided == "0";
  std::string reasons;
  const auto [open, unjudged] = open_recoveries(json, reasons);
  if (nothing || unjudged > 0 || json.at("inconclusive").get<std::uint64_t>() > 0) {
    one.kind = Kind::kError;
    one.message = nothing ? "nothing was decided"
                  : unjudged > 0
                      ? fmt::format("{} recoveries could not be judged", unjudged)
                      : how;
    for (const Json& reason : json.at("inconclusive_reasons")) {
      one.details += one_line(reason.get<std::string>()) + "\n";
    }
    one.details += reasons;
  } else if (open > 0) {
    one.kind = Kind::kSkipped;
    one.message = fmt::format("not complete: power cuts during {} recoveries", open);
  } else if (!is_whole(json) || json.at("ended") == "interrupted") {
    one.kind = Kind::kSkipped;
    one.message =
        fmt::format("not complete ({}): {}", json.at("ended").get<std::string>(), how);
  }
  return one;
}

// `where`: "in recovery: ", or nothing.
void add_findings(const Json& json, const std::string& where,
                  std::vector<TestCase>& cases) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> known;  // case, count
  for (const Json& finding : json) {
    const std::string group =
        where + signature_group(finding.at("signature").get<std::string>(),
                                finding.value("cause", std::string()));
    const auto [place, fresh] = known.try_emplace(group, cases.size(), 0);
    ++place->second.second;
    if (!fresh) {
      continue;
    }
    TestCase one;
    one.name = "finding: " + one_line(group);
    one.kind = Kind::kFailed;
    one.message = one_line(finding.at("summary").get<std::string>());
    one.details = fmt::format("{} states, the first is {}\nreproduce: {}\n{}",
                              finding.at("states").get<std::string>(),
                              finding.at("id").get<std::string>(),
                              finding.at("reproduce").get<std::string>(),
                              finding.at("output").get<std::string>());
    if (finding.contains("explanation")) {
      one.details += "\n" + finding.at("explanation").at("text").get<std::string>();
    }
    cases.push_back(std::move(one));
  }
  for (const auto& [group, of] : known) {
    if (of.second > 1) {
      cases[of.first].message +=
          fmt::format(" (and {} more classes of this kind)", of.second - 1);
    }
  }
}

void add_states(const Json& findings, const std::string& where, std::string& details) {
  for (const Json& finding : findings) {
    details += fmt::format("{}state {}\n", where, finding.at("id").get<std::string>());
    for (const Json& complaint : finding.at("complaints")) {
      details += "  " + one_line(complaint.get<std::string>()) + "\n";
    }
  }
}

TestCase scenario_case(const Json& json) {
  static const std::map<std::string, Kind> kKinds = {
      {"as-expected", Kind::kPassed},    {"unexpected", Kind::kFailed},
      {"workload-failed", Kind::kError}, {"inconclusive", Kind::kError},
      {"skipped", Kind::kSkipped},
  };
  TestCase one;
  one.name = json.at("name").get<std::string>();
  const auto kind = kKinds.find(json.at("result").get<std::string>());
  one.kind = kind == kKinds.end() ? Kind::kError : kind->second;
  one.message = one_line(json.at("why").get<std::string>());
  // A budget ended it, and nothing that was looked at was in doubt.
  if (json.at("result") == "inconclusive" && json.value("inconclusive", 1) == 0 &&
      json.value("states_decided", std::string("0")) != "0") {
    one.kind = Kind::kSkipped;
  }
  one.seconds =
      json.at("record_seconds").get<double>() + json.at("check_seconds").get<double>();
  add_states(json.at("findings"), "", one.details);
  for (const Json& recovery : json.value("recoveries", Json::array())) {
    add_states(recovery.at("findings"), "in recovery: ", one.details);
  }
  if (json.contains("check")) {
    one.details += "again: " + json.at("check").get<std::string>() + "\n";
  }
  return one;
}

// XML 1.0 has no place for most control characters.
std::string xml(const std::string& text) {
  std::string out;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out +=
            static_cast<unsigned char>(letter) < ' ' && letter != '\n' && letter != '\t'
                ? '?'
                : letter;
    }
  }
  return out;
}

// "#" begins a directive, and a line is a line.
std::string ktap_word(const std::string& text) {
  std::string out = one_line(text);
  std::replace(out.begin(), out.end(), '#', '*');
  return out;
}

void add_diagnostics(std::string& text, const std::string& lines) {
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    text += "# " + lines.substr(at, end - at) + "\n";
    at = end + 1;
  }
}

// As the commands of workflows are escaped.
std::string github(const std::string& text, bool property) {
  std::string out;
  for (const char letter : text) {
    const bool escaped = letter == '%' || letter == '\n' || letter == '\r' ||
                         (property && (letter == ':' || letter == ','));
    out += escaped ? fmt::format("%{:02X}", static_cast<unsigned>(letter))
                   : std::string(1, letter);
  }
  return out;
}

std::size_t count(const TestSuite& suite, Kind kind) {
  return static_cast<std::size_t>(
      std::count_if(suite.cases.begin(), suite.cases.end(),
                    [kind](const TestCase& each) { return each.kind == kind; }));
}

}  // namespace

Result<TestSuite> test_suite_of(const std::string& report_json) {
  const Json json = Json::parse(report_json, nullptr, false);
  TestSuite suite;
  try {
    if (json.contains("scenarios")) {
      suite.name = "powercut run";
      for (const Json& scenario : json.at("scenarios")) {
        suite.cases.push_back(scenario_case(scenario));
      }
      return suite;
    }
    suite.name = "powercut check " + json.at("log").get<std::string>();
    suite.cases.push_back(decided_case(json));
    add_findings(json.at("findings"), "", suite.cases);
    Json in_recovery = Json::array();
    for (const Json& recovery : json.value("recoveries", Json::array())) {
      in_recovery.insert(in_recovery.end(), recovery.at("findings").begin(),
                         recovery.at("findings").end());
    }
    add_findings(in_recovery, "in recovery: ", suite.cases);
    return suite;
  } catch (const Json::exception& exception) {
    return fail(ErrorKind::kUsage,
                fmt::format("this is no report of check or run: {}", exception.what()),
                "test cases are made of `check --json` and `run --json`");
  }
}

std::string junit_xml(const TestSuite& suite) {
  double seconds = 0;
  for (const TestCase& each : suite.cases) {
    seconds += each.seconds;
  }
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  fmt::format_to(out,
                 "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
                 "skipped=\"{}\" time=\"{:.3f}\">\n",
                 xml(suite.name), suite.cases.size(), count(suite, Kind::kFailed),
                 count(suite, Kind::kError), count(suite, Kind::kSkipped), seconds);
  for (const TestCase& each : suite.cases) {
    fmt::format_to(out, "<testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">",
                   xml(suite.name), xml(each.name), each.seconds);
    const char* const element = each.kind == Kind::kFailed    ? "failure"
                                : each.kind == Kind::kError   ? "error"
                                : each.kind == Kind::kSkipped ? "skipped"
                                                              : nullptr;
    if (element != nullptr) {
      fmt::format_to(out, "<{} message=\"{}\">{}</{}>", element, xml(each.message),
                     xml(each.details), element);
    } else {
      fmt::format_to(out, "<system-out>{}</system-out>", xml(each.message));
    }
    text += "</testcase>\n";
  }
  return text + "</testsuite>\n</testsuites>\n";
}

std::string ktap_text(const TestSuite& suite) {
  std::string text = fmt::format("KTAP version 1\n1..{}\n", suite.cases.size());
  std::size_t number = 0;
  for (const TestCase& each : suite.cases) {
    const bool good = each.kind == Kind::kPassed || each.kind == Kind::kSkipped;
    if (!good) {
      add_diagnostics(text, each.message);
      add_diagnostics(text, each.details);
    }
    text +=
        fmt::format("{}ok {} {}{}\n", good ? "" : "not ", ++number, ktap_word(each.name),
                    each.kind == Kind::kSkipped ? " # SKIP " + ktap_word(each.message)
                                                : std::string());
  }
  return text;
}

std::string github_annotations(const TestSuite& suite) {
  std::string text;
  for (const TestCase& each : suite.cases) {
    if (each.kind != Kind::kPassed) {
      text += fmt::format("::{} title={}::{}\n",
                          each.kind == Kind::kSkipped ? "notice" : "error",
                          github(suite.name + ", " + each.name, true),
                          github(each.message + "\n" + each.details, false));
    }
  }
  return text;
}

}  // namespace powercut
