// SPDX-License-Identifier: GPL-2.0-only
//
// powercut doctor: what works on this machine, and clean-up of what a killed run left.

#include "checkers/checker.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/output.h"
#include "device/facts.h"
#include "device/sweep.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace powercut {

namespace {

int clean() {
  std::vector<Leftover> leftovers = find_leftovers();
  int code = kExitClean;
  std::set<std::string> still_there;
  for (const Leftover& leftover : leftovers) {
    // The run directory is what the rest is found by: it goes last, and not before.
    if (leftover.kind == Leftover::Kind::kRunDirectory &&
        still_there.contains(leftover.run_id)) {
      continue;
    }
    Status status = remove(leftover);
    fmt::print("{} {} ({}): {}\n", to_string(leftover.kind), leftover.name,
               leftover.detail, status ? "removed" : status.error().message);
    if (!status) {
      code = kExitHarness;
      still_there.insert(leftover.run_id);
    }
  }
  if (leftovers.empty()) {
    fmt::print("nothing was left behind\n");
  }
  return code;
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("clean",
                        "remove what killed runs left: mounts, loops, directories")(
      "json", po::value<std::string>(), "write as JSON to a file, - is stdout");
  Arguments arguments = parse_arguments(self, options, {}, words);
  if (arguments.has("clean")) {
    if (arguments.has("json")) {
      throw Failure(Error{ErrorKind::kUsage, "--json does not go with --clean",
                          "without --clean it tells of what was left behind"});
    }
    return clean();
  }
  std::string text;
  std::back_insert_iterator<std::string> out = std::back_inserter(text);
  nlohmann::ordered_json json;
  json["facts"] = nlohmann::ordered_json::array();
  for (const Fact& fact : collect_facts()) {
    fmt::format_to(out, "{:<4} {:<16} {}\n", fact.works ? "ok" : "no", fact.name,
                   fact.detail);
    if (!fact.works && !fact.hint.empty()) {
      fmt::format_to(out, "     {:<16} hint: {}\n", "", fact.hint);
    }
    json["facts"].push_back({{"name", fact.name},
                             {"works", fact.works},
                             {"detail", fact.detail},
                             {"hint", fact.hint}});
  }
  json["checkers"] = nlohmann::ordered_json::array();
  for (const CheckerKind& kind : checker_kinds()) {
    fmt::format_to(out, "     {:<16} checker: {}\n", kind.synopsis, kind.description);
    json["checkers"].push_back(kind.synopsis);
  }
  json["leftovers"] = nlohmann::ordered_json::array();
  for (const Leftover& leftover : find_leftovers()) {
    fmt::format_to(out, "left {:<16} {} ({})\n", to_string(leftover.kind), leftover.name,
                   leftover.detail);
    json["leftovers"].push_back({{"kind", std::string(to_string(leftover.kind))},
                                 {"name", leftover.name},
                                 {"run_id", leftover.run_id}});
  }
  if (!json["leftovers"].empty()) {
    fmt::format_to(out, "     {:<16} hint: powercut doctor --clean\n", "");
  }
  write_report(arguments, text, json.dump(2) + "\n");
  return kExitClean;
}

}  // namespace

extern const Command kDoctorCommand = {
    "doctor", "[--clean] [--json FILE]", "what works on this machine, and clean-up",
    "examples:\n  powercut doctor\n  powercut doctor --clean\n\n", &run};

}  // namespace powercut
