// SPDX-License-Identifier: GPL-2.0-only
//
// powercut compare: what is new and what is gone between two checks or runs.

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/output.h"
#include "report/comparison.h"
#include "results/result_store.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

namespace powercut {

namespace {

// The report in the file: of a results file that of its last check which ended.
std::string report_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("cannot read {}", path),
                        "give a results file, or what `check --json` or `run --json` "
                        "wrote"});
  }
  constexpr std::string_view kDatabase = "SQLite format 3";
  std::string begin(kDatabase.size(), '\0');
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  if (begin != kDatabase) {
    // A log, for one, is not read to its end to be told that it is no report.
    constexpr std::uintmax_t kMostBytes = 256ULL << 20;
    std::error_code ignored;
    if (std::filesystem::file_size(path, ignored) > kMostBytes && !ignored) {
      throw Failure(Error{ErrorKind::kUsage,
                          fmt::format("{} is too large for a report", path),
                          "give a results file, or what `check --json` or `run --json` "
                          "wrote"});
    }
    file.clear();
    file.seekg(0);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  const std::unique_ptr<ResultStore> store = value_or_throw(ResultStore::open(path));
  const std::optional<StoredSession> session =
      value_or_throw(store->last_ended_session());
  if (!session) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("no check in {} has ended", path),
                        "powercut check --resume " + path});
  }
  return session->end.certificate;
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("json", po::value<std::string>(),
                        "write as JSON to a file, - is stdout");
  const Arguments arguments = parse_arguments(self, options, {"A", "B"}, words);
  const std::string a = arguments.text("A");
  const std::string b = arguments.text("B");
  std::error_code ignored;
  for (const std::string& side : {a, b}) {
    if (std::filesystem::equivalent(arguments.text("json"), side, ignored)) {
      throw Failure(
          Error{ErrorKind::kUsage,
                fmt::format("{} is one of the two, and would be overwritten", side),
                "choose another name for --json"});
    }
  }
  const Comparison comparison =
      compare_sides(value_or_throw(compared_side(a, report_in(a))),
                    value_or_throw(compared_side(b, report_in(b))));
  write_report(arguments, comparison_text(comparison), comparison_json(comparison));
  if (!comparison.fresh.empty()) {
    return kExitFindings;
  }
  return comparison.whole ? kExitClean : kExitHarness;
}

}  // namespace

extern const Command kCompareCommand = {
    "compare", "A B [--json FILE]",
    "tell what is new, gone or changed between two checks",
    "A and B are results files (`check --results`; the last check in them that ended), "
    "or\n"
    "what `check --json` or `run --json` wrote: of two kernels, two commits, two days. "
    "The "
    "same\n"
    "finding is one of which the checker says the same but for numbers. Exit code 0: "
    "nothing\n"
    "is new; 1: something is; 3: B did not decide all, so what is gone may only not have "
    "been\n"
    "found.\n\n"
    "examples:\n"
    "  powercut compare before.db after.db\n"
    "  powercut compare 6.1.json 6.18.json --json -\n\n",
    &run};

}  // namespace powercut
