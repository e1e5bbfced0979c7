// SPDX-License-Identifier: GPL-2.0-only

#include "report/comparison.h"

#include "replay/signature.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>
#include <map>
#include <set>

namespace powercut {

namespace {

using Json = nlohmann::json;

constexpr const char* kHint =
    "give a results file, or what `check --json` or `run --json` wrote";

void add_kind(ComparedSide& side, std::set<std::string>& known, ComparedSide::Kind kind) {
  if (known.insert(kind.key).second) {
    side.kinds.push_back(std::move(kind));
  }
}

// Of a scenario: its name, and the first complaint without numbers.
void add_scenario(const Json& scenario, ComparedSide& side,
                  std::set<std::string>& known) {
  const std::string name = scenario.at("name").get<std::string>();
  const std::string result = scenario.at("result").get<std::string>();
  side.whole = side.whole && (result == "as-expected" || result == "unexpected");
  const auto add = [&](const Json& findings, const std::string& where) {
    for (const Json& finding : findings) {
      const Json& complaints = finding.at("complaints");
      const std::string first =
          where + (complaints.empty() ? "" : complaints.at(0).get<std::string>());
      add_kind(side, known,
               {name + " | " + without_numbers(first), name + ": " + first,
                finding.at("states").get<std::string>()});
    }
  };
  add(scenario.at("findings"), "");
  for (const Json& recovery : scenario.value("recoveries", Json::array())) {
    add(recovery.at("findings"), "in recovery: ");
  }
}

// Of a check, or of a recovery.
void add_check(const Json& json, const std::string& where, ComparedSide& side,
               std::set<std::string>& known) {
  side.whole = side.whole &&
               (json.at("complete").get<bool>() || json.at("inferred_all").get<bool>());
  for (const Json& finding : json.at("findings")) {
    add_kind(side, known,
             {where + finding.at("signature").get<std::string>(),
              where + finding.at("summary").get<std::string>(),
              finding.at("states").get<std::string>()});
  }
}

std::string states_text(const std::string& states) {
  return states == "1" ? "1 state" : states + " states";
}

void add_rows(std::string& text, const char* word,
              const std::vector<Comparison::Row>& rows) {
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  for (const Comparison::Row& row : rows) {
    const bool both = !row.states_a.empty() && !row.states_b.empty();
    fmt::format_to(
        out, "{:<10} {} ({})\n", word, row.summary,
        both && row.states_a != row.states_b
            ? fmt::format("{} before, {} now", states_text(row.states_a), row.states_b)
            : states_text(row.states_b.empty() ? row.states_a : row.states_b));
  }
}

nlohmann::ordered_json rows_json(const std::vector<Comparison::Row>& rows) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Comparison::Row& row : rows) {
    json.push_back({{"key", row.key},
                    {"summary", row.summary},
                    {"states_a", row.states_a},
                    {"states_b", row.states_b}});
  }
  return json;
}

}  // namespace

Result<ComparedSide> compared_side(const std::string& name,
                                   const std::string& report_json) {
  const Json json = Json::parse(report_json, nullptr, false);
  ComparedSide side;
  side.name = name;
  std::set<std::string> known;
  if (json.is_discarded()) {
    return fail(ErrorKind::kUsage, fmt::format("{} is no report: it is no JSON", name),
                kHint);
  }
  try {
    if (json.contains("scenarios")) {
      side.whole = !json.value("interrupted", false);
      for (const Json& scenario : json.at("scenarios")) {
        add_scenario(scenario, side, known);
      }
      return side;
    }
    side.whole = json.value("ended", std::string()) != "interrupted";
    add_check(json, "", side, known);
    for (const Json& recovery : json.value("recoveries", Json::array())) {
      add_check(recovery, "in recovery: ", side, known);
    }
    return side;
  } catch (const Json::exception& exception) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("{} is no report of check or run: {}", name, exception.what()),
        kHint);
  }
}

Comparison compare_sides(const ComparedSide& a, const ComparedSide& b) {
  Comparison out;
  out.name_a = a.name;
  out.name_b = b.name;
  out.whole = b.whole;
  std::map<std::string, const ComparedSide::Kind*> before;
  for (const ComparedSide::Kind& kind : a.kinds) {
    before.emplace(kind.key, &kind);
  }
  for (const ComparedSide::Kind& kind : b.kinds) {
    const auto known = before.find(kind.key);
    Comparison::Row row{kind.key, kind.summary, "", kind.states};
    if (known == before.end()) {
      out.fresh.push_back(std::move(row));
      continue;
    }
    row.states_a = known->second->states;
    (row.states_a == row.states_b ? out.same : out.changed).push_back(std::move(row));
    before.erase(known);
  }
  for (const ComparedSide::Kind& kind : a.kinds) {
    if (before.contains(kind.key)) {
      out.gone.push_back({kind.key, kind.summary, kind.states, ""});
    }
  }
  return out;
}

std::string comparison_text(const Comparison& comparison) {
  std::string text;
  add_rows(text, "NEW", comparison.fresh);
  add_rows(text, "gone", comparison.gone);
  add_rows(text, "changed", comparison.changed);
  add_rows(text, "same", comparison.same);
  text += fmt::format("compared   {} and {}: {} new, {} gone, {} changed, {} the same\n",
                      comparison.name_a, comparison.name_b, comparison.fresh.size(),
                      comparison.gone.size(), comparison.changed.size(),
                      comparison.same.size());
  if (!comparison.whole) {
    text += fmt::format(
        "note       {} did not decide all: what is gone may only not have "
        "been found\n",
        comparison.name_b);
  }
  return text;
}

std::string comparison_json(const Comparison& comparison) {
  nlohmann::ordered_json json;
  json["a"] = comparison.name_a;
  json["b"] = comparison.name_b;
  json["whole"] = comparison.whole;
  json["new"] = rows_json(comparison.fresh);
  json["gone"] = rows_json(comparison.gone);
  json["changed"] = rows_json(comparison.changed);
  json["same"] = rows_json(comparison.same);
  constexpr int kIndent = 2;
  return json.dump(kIndent, ' ', false,
                   nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

}  // namespace powercut
