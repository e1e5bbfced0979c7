// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/stack_run.h"

#include "base/signals.h"
#include "replay/decider.h"
#include "replay/where.h"
#include "scenarios/guest_mounter.h"
#include "scenarios/guest_recording.h"
#include "scenarios/live_states.h"
#include "scenarios/scenario_judging.h"
#include "scenarios/stack_guest.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <utility>

namespace powercut {

namespace {

namespace fs = std::filesystem;

// Of the disks of a stack: what virtio, device-mapper and md all write in.
constexpr std::uint32_t kBlockBytes = 4096;

std::uint32_t block_bytes_of(const Scenario& scenario) {
  return scenario.block_bytes != 0 ? scenario.block_bytes : kBlockBytes;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::string one_problem(const GuestRecordingResult& result) {
  if (result.failure) {
    return result.failure->message;
  }
  constexpr std::size_t kMostShown = 300;
  std::string said = result.workload.output;
  said.resize(said.find_last_not_of(" \n") + 1);
  said = said.size() > kMostShown ? "..." + said.substr(said.size() - kMostShown) : said;
  return fmt::format("the script ended with {}{}{}", to_string(result.workload),
                     said.empty() ? "" : ": ", said);
}

Result<GuestRecordingResult> record_stack(const Scenario& scenario,
                                          const ScenarioRunOptions& options,
                                          const fs::path& log, const RunDir& run_dir) {
  GuestRecordingOptions recording;
  recording.guest = options.guest;
  PC_RETURN_IF_ERROR(equip_guest(scenario, true, recording.guest));
  recording.workload.command = {"bash", "-euc", stack_script(scenario)};
  recording.workload.timeout = options.stack_timeout;
  recording.log = log;
  recording.block_bytes = block_bytes_of(scenario);
  recording.quiet = true;
  for (const StackDisk& disk : scenario.disks) {
    recording.disks.push_back({disk.name, disk.size_bytes, disk.domain});
  }
  if (scenario.observe) {
    recording.target_options.emplace_back("--observe");
  }
  if (scenario.live) {
    recording.target_options.emplace_back("--power-fail");
  }
  return record_in_guest(recording, run_dir);
}

Result<std::unique_ptr<Judge>> start_judge(const Scenario& scenario,
                                           const ScenarioRunOptions& options,
                                           const Recording& recording,
                                           const CrashModel& model,
                                           const RunDir& run_dir) {
  const fs::path verify = run_dir.path() / "verify.sh";
  std::ofstream(verify) << stack_verify(scenario);
  CheckerOptions checker_options;
  checker_options.timeout = options.stack_timeout;
  set_observing(scenario, checker_options);
  PC_ASSIGN_OR_RETURN(std::unique_ptr<Checker> checker,
                      make_checker(checker_of(scenario, verify), checker_options));
  GuestMounterOptions mounter;
  mounter.guest = options.guest;
  mounter.block_bytes = block_bytes_of(scenario);
  PC_RETURN_IF_ERROR(equip_guest(scenario, false, mounter.guest));
  JudgeOptions judge;
  judge.jobs = options.jobs;
  judge.unit_bytes = unit_bytes_for(recording.timeline(), model);
  judge.pinned = false;  // the work is QEMU's
  judge.make_mounter =
      [mounter, &run_dir](
          const std::vector<fs::path>& disks,
          std::function<void()> forget_reads) -> Result<std::unique_ptr<Mounter>> {
    GuestMounterOptions own = mounter;
    own.on_booted = std::move(forget_reads);
    return std::unique_ptr<Mounter>(
        std::make_unique<GuestMounter>(disks, run_dir, std::move(own)));
  };
  return Judge::start(recording, std::move(checker), run_dir, judge);
}

Status check_pristine(const Scenario& scenario, Judge& judge,
                      const std::shared_ptr<const Recording>& recording, Cut from) {
  const CrashState pristine{StateSpace::linear(recording, from), {}};
  PC_ASSIGN_OR_RETURN(const Verdict verdict, judge.take_baseline(pristine));
  if (verdict.kind == Verdict::Kind::kClean) {
    return {};
  }
  constexpr std::size_t kMostShown = 400;
  std::string said = verdict.output;
  said = said.size() > kMostShown ? "..." + said.substr(said.size() - kMostShown) : said;
  return fail(ErrorKind::kBadInput,
              fmt::format("verify of {} is not content with the state at the mark "
                          "'prepared', without a crash: {}; it said: {}",
                          scenario.name, verdict.summary(), said),
              "nothing could be found with it");
}

Result<ScenarioOutcome> check_stack(const Scenario& scenario,
                                    const ScenarioRunOptions& options,
                                    const fs::path& log, const RunDir& run_dir,
                                    ScenarioOutcome outcome) {
  const auto begin = std::chrono::steady_clock::now();
  PC_ASSIGN_OR_RETURN(const CrashModel model,
                      model_of(scenario, block_bytes_of(scenario)));
  PC_ASSIGN_OR_RETURN(const std::shared_ptr<const Recording> recording,
                      Recording::open(log, {}));
  const Timeline& timeline = recording->timeline();
  const Result<Cut> prepared = find_cut(timeline, "mark:prepared");
  if (!prepared) {
    return fail(ErrorKind::kBadInput,
                fmt::format("the script of {} makes no mark 'prepared'", scenario.name),
                "`powercut mark prepared` says from where on verify has to be content");
  }
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<Oracle> oracle,
                      oracle_of(scenario, recording));
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<Judge> judge,
                      start_judge(scenario, options, *recording, model, run_dir));
  PC_RETURN_IF_ERROR(check_pristine(scenario, *judge, recording, *prepared));
  PC_ASSIGN_OR_RETURN(Durability built, Durability::build(timeline, model));
  const auto durability = std::make_shared<const Durability>(std::move(built));
  const std::vector<EventPos> boundaries =
      oracle ? oracle->boundaries() : std::vector<EventPos>();
  outcome.acknowledgements = boundaries.size();
  ExplorerOptions explorer =
      explorer_options(options, *judge, oracle.get(), outcome.expected);
  explorer.time_seconds = options.stack_seconds;
  if (scenario.live) {
    PC_ASSIGN_OR_RETURN(const std::vector<LiveFailure> failures,
                        list_live_failures(timeline, *prepared));
    PC_ASSIGN_OR_RETURN(
        outcome.certificate,
        decide_live(recording, durability, failures, *judge, oracle.get(), &interrupted));
    outcome.check_seconds = seconds_since(begin);
    outcome.mounted = true;
    return outcome;
  }
  Decider decider(recording, *judge, judge->checker().tier(), explorer,
                  options.inference);
  PC_ASSIGN_OR_RETURN(
      outcome.certificate,
      decider.decide(durability, list_windows(timeline, *durability, *prepared,
                                              timeline.end(), boundaries)));
  outcome.check_seconds = seconds_since(begin);
  outcome.mounted = true;
  return outcome;
}

}  // namespace

Result<ScenarioOutcome> run_stack(const Scenario& scenario,
                                  const ScenarioRunOptions& options, const fs::path& log,
                                  const RunDir& run_dir) {
  const auto begin = std::chrono::steady_clock::now();
  PC_ASSIGN_OR_RETURN(const GuestRecordingResult result,
                      record_stack(scenario, options, log, run_dir));
  if (result.workload.interrupted ||
      (result.failure && result.failure->kind == GuestFailureKind::kInterrupted)) {
    return fail(ErrorKind::kInterrupted, "interrupted");
  }
  ScenarioOutcome outcome;
  outcome.kernel = result.kernel;
  outcome.record_seconds = seconds_since(begin);
  const std::string release = outcome.kernel.substr(0, outcome.kernel.find(' '));
  if (!release.empty()) {
    PC_ASSIGN_OR_RETURN(const KernelVersion version, parse_kernel_version(release));
    outcome.expected = scenario.expected_on(version);
  }
  if (result.failure || !result.workload.succeeded()) {
    outcome.kind = ScenarioOutcome::Kind::kFailed;
    outcome.why = "the workload failed: " + one_problem(result);
    return outcome;
  }
  return check_stack(scenario, options, log, run_dir, std::move(outcome));
}

}  // namespace powercut
