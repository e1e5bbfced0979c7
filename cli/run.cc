// SPDX-License-Identifier: GPL-2.0-only
//
// powercut run: records scenarios and decides whether they hold what was promised.

#include "base/signals.h"
#include "base/subprocess.h"
#include "cli/arguments.h"
#include "cli/check_session.h"
#include "cli/command.h"
#include "cli/mount_privacy.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/run_places.h"
#include "cli/run_queue.h"
#include "cli/scenario_list.h"
#include "report/run_report.h"
#include "scenarios/scenario_run.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

namespace powercut {

namespace {

void add_options(po::options_description& options) {
  options.add_options()("list", "name the scenarios, and run none")(
      "fs", po::value<std::string>()->default_value(""),
      "run on this file system instead of the scenario's own")(
      "repeat", po::value<std::uint32_t>()->default_value(1),
      "run each scenario so many times")(
      "jobs", po::value<std::uint32_t>()->default_value(1), "scenarios at a time")(
      "until-done",
      "look at no cut behind the last operation (unmount is left out): faster")(
      "preparations", "look at the cuts before the mark `prepared` of a workload too")(
      "max-runs", po::value<std::uint64_t>()->default_value(0),
      "stop a scenario after so many checker runs (0: no bound)")(
      "time", po::value<double>()->default_value(120),
      "stop a scenario after so many seconds of checking (0: no bound; stacks by "
      "default: 300)")("confidence", po::value<double>()->default_value(0.95),
                       "of what is inferred, 0.5 to 0.9999")(
      "share", po::value<double>()->default_value(0.01),
      "of a window's states that may differ from what is inferred, 0.0001 to 0.5")(
      "timeout", po::value<double>()->default_value(60),
      "seconds after which a workload has failed, or a checker run is inconclusive "
      "(where a guest mounts, and of stacks: 240)")(
      "seed", po::value<std::uint64_t>()->default_value(1), "of everything random")(
      "keep", po::value<std::string>()->default_value(""),
      "directory for the logs and disks of scenarios that end otherwise than expected")(
      "keep-all", "keep those of all of them")("quiet", "tell only what is not expected")(
      "json", po::value<std::string>(),
      "write the results as JSON to a file, - is stdout");
  add_test_case_options(options);
  add_run_place_options(options);
}

constexpr double kMostSeconds = 1e6;

double seconds_of(const Arguments& arguments, const char* name) {
  const double seconds = arguments.values[name].as<double>();
  if (!(seconds >= 0 && seconds <= kMostSeconds)) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("--{} {} is no number of seconds", name, seconds),
                        {}});
  }
  return seconds;
}

ScenarioRunOptions run_options(const Arguments& arguments) {
  ScenarioRunOptions options;
  options.to_the_end = !arguments.has("until-done");
  options.max_runs = arguments.values["max-runs"].as<std::uint64_t>();
  options.inference = inference_options(arguments);
  options.preparations = arguments.has("preparations");
  options.time_seconds = seconds_of(arguments, "time");
  constexpr double kStackSeconds = 300;  // assembled for each run, on emulated processors
  options.stack_seconds =
      arguments.values["time"].defaulted() ? kStackSeconds : options.time_seconds;
  options.seed = arguments.values["seed"].as<std::uint64_t>();
  // A mount that hangs is a finding; an emulated guest beside others is only slow.
  constexpr std::chrono::seconds kGuestTimeout{240};
  const std::string mount = arguments.text("mount");
  const bool in_guest = (mount.empty() ? arguments.text("on") : mount) == "guest";
  const bool asked = !arguments.values["timeout"].defaulted();
  const std::chrono::milliseconds timeout(
      static_cast<std::int64_t>(seconds_of(arguments, "timeout") * 1000));
  options.timeout = in_guest && !asked ? kGuestTimeout : timeout;
  options.stack_timeout = asked ? timeout : kGuestTimeout;
  if (options.timeout.count() == 0) {
    throw Failure(Error{ErrorKind::kUsage, "--timeout 0 leaves no time for a workload",
                        "a number of seconds, from 0.001"});
  }
  options.file_system = arguments.text("fs");
  if (!options.file_system.empty()) {
    value_or_throw(check_file_system(options.file_system));
  }
  options.keep = arguments.text("keep");
  options.keep_all = arguments.has("keep-all");
  if (options.keep_all && options.keep.empty()) {
    throw Failure(Error{ErrorKind::kUsage, "--keep-all without --keep",
                        "--keep names the directory"});
  }
  set_run_place(arguments, options);
  return options;
}

int exit_code_of(const RunSummary& summary) {
  if (summary.interrupted) {
    return kExitInterrupted;
  }
  if (summary.unexpected > 0) {
    return kExitFindings;
  }
  if (summary.failed > 0 || summary.inconclusive > 0) {
    return kExitHarness;
  }
  return summary.as_expected > 0 ? kExitClean : kExitSkipped;
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  add_options(options);
  const Arguments arguments = parse_arguments(self, options, {"SCENARIO..."}, words);
  const std::vector<Scenario> scenarios =
      find_scenarios(arguments.has("SCENARIO")
                         ? arguments.values["SCENARIO"].as<std::vector<std::string>>()
                         : std::vector<std::string>(),
                     arguments.has("list"));
  if (arguments.has("list")) {
    fmt::print("{}", scenario_list_text(scenarios));
    return kExitClean;
  }
  check_report_path(arguments);
  const ScenarioRunOptions run = run_options(arguments);
  const std::uint32_t repeat = arguments.values["repeat"].as<std::uint32_t>();
  if (repeat == 0) {
    throw Failure(Error{ErrorKind::kUsage, "--repeat 0 would run nothing", {}});
  }
  hide_mounts();
  RunQueue queue(run, arguments.values["jobs"].as<std::uint32_t>());
  RunReport report(arguments.has("quiet"),
                   arguments.text("json") == "-" || arguments.has("ktap"));
  queue.run(scenarios, repeat, [&](const ScenarioResult& result) { report.add(result); });
  report.finish(interrupted());
  write_report(arguments, report.summary_text(), report.json());
  return exit_code_of(report.summary());
}

}  // namespace

extern const Command kRunCommand = {
    "run", "[SCENARIO ...] [--on loop|guest] [--fs TYPE] ...",
    "record scenarios, and decide whether they keep what was promised",
    "Each SCENARIO is a file, a directory of them, or a name of those that come with\n"
    "powercut (--list). Its workload is recorded on a fresh disk; then every state that "
    "a\n"
    "power cut could have left is decided: file system check, names, attributes and "
    "data\n"
    "against what had been acknowledged. Exit code 0: everything came out as the "
    "scenarios\n"
    "expect; 1: something did not; 3: a workload failed, or not all could be decided; "
    "77:\n"
    "nothing could be run for want of something.\n\n"
    "examples:\n"
    "  powercut run --list\n"
    "  powercut run crashmonkey\n"
    "  powercut run my.scenario --fs xfs --keep /tmp/failed\n"
    "  powercut run fstests --on guest --kernel ~/linux --mount guest --repeat 20\n\n",
    &run};

}  // namespace powercut
