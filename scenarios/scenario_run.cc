// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/scenario_run.h"

#include "base/signals.h"
#include "base/subprocess.h"
#include "log/format2_writer.h"
#include "replay/decider.h"
#include "replay/where.h"
#include "scenarios/memory_log.h"
#include "scenarios/scenario_judging.h"
#include "scenarios/stack_run.h"
#include "workload/raw_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace powercut {

namespace {

namespace fs = std::filesystem;

// Guests take memory: of what scenarios share, only so much is kept.
constexpr std::size_t kMostKits = 2;

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Device disk_of(const BaseImageOptions& options, const BaseImage& image) {
  Device device;
  device.name = options.file_system;
  device.size_bytes = options.size_bytes;
  device.logical_block_bytes = options.block_bytes;
  device.physical_block_bytes = options.block_bytes;
  device.write_cache = true;
  device.discard = true;
  device.discard_zeroes = true;  // a served disk punches holes
  device.write_zeroes = true;
  device.bounce = true;
  device.has_base = true;
  device.base_digest = image.digest;
  return device;
}

// Something was recorded that an oracle could speak of.
bool was_begun(const fs::path& log, const BaseImage& image) {
  RecordingOptions options;
  options.base_sources = {image.source};
  const Result<std::shared_ptr<const Recording>> recording =
      Recording::open(log, options);
  return recording && !(*recording)->timeline().marks().empty();
}

// Where --fs asks for another file system than the scenario's own.
Status check_place(const Scenario& scenario, const std::string& file_system) {
  if (!scenario.script.empty()) {
    return {};
  }
  if (file_system == "none") {
    return check_raw_workload(scenario.workload, scenario.name);
  }
  if (scenario.file_system == "none") {
    return fail(ErrorKind::kUsage,
                fmt::format("{} is about the raw disk, not about files on {}",
                            scenario.name, file_system));
  }
  return {};
}

Status check_needs(const Scenario& scenario) {
  for (const std::string& program : scenario.needs) {
    if (!find_program(program)) {
      return fail(ErrorKind::kMissing,
                  fmt::format("the scenario {} needs {}", scenario.name, program),
                  "install it");
    }
  }
  return {};
}

}  // namespace

struct ScenarioRun::Kit {
  BaseImageOptions disk;
  std::string checker;
  std::string mount_options;
  std::string verify;
  bool script = false;  // has no recorder, and its judge reads no data
  BaseImage image;
  fs::path verify_file;
  std::unique_ptr<RunDir> run_dir;  // before those that are in it: it goes after them
  std::unique_ptr<WorkloadRecorder> recorder;
  std::unique_ptr<Judge> judge;
  bool mounts = false;  // the judge does
};

std::string KeptNames::take(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string free = name;
  for (unsigned number = 2; !taken_.insert(free).second; ++number) {
    free = fmt::format("{}-{}", name, number);
  }
  return free;
}

ExplorerOptions explorer_options(const ScenarioRunOptions& options, const Judge& judge,
                                 const Oracle* oracle, const Expectation& expected) {
  ExplorerOptions explorer;
  explorer.jobs = judge.jobs();
  explorer.oracle = oracle;
  explorer.max_runs = options.max_runs;
  explorer.time_seconds = options.time_seconds;
  explorer.seed = options.seed;
  explorer.stop_after = findings_enough(expected);
  explorer.interrupted = &interrupted;
  return explorer;
}

ScenarioRun::ScenarioRun(ScenarioRunOptions options) : options_(std::move(options)) {}

ScenarioRun::~ScenarioRun() = default;

Result<ScenarioRun::Kit*> ScenarioRun::kit_for(const Scenario& scenario) {
  const BaseImageOptions disk = base_image_options(scenario);
  const auto known =
      std::find_if(kits_.begin(), kits_.end(), [&](const std::unique_ptr<Kit>& kit) {
        return kit->disk == disk && kit->checker == scenario.checker &&
               kit->mount_options == scenario.mount_options &&
               kit->verify == scenario.verify && kit->script == !scenario.script.empty();
      });
  if (known != kits_.end()) {
    std::rotate(known, known + 1, kits_.end());  // the latest used is the last
    return kits_.back().get();
  }
  if (kits_.size() >= kMostKits) {
    kits_.erase(kits_.begin());
  }
  auto kit = std::make_unique<Kit>();
  kit->disk = disk;
  kit->checker = scenario.checker;
  kit->mount_options = scenario.mount_options;
  kit->verify = scenario.verify;
  kit->script = !scenario.script.empty();
  PC_ASSIGN_OR_RETURN(RunDir run_dir, RunDir::create());
  kit->run_dir = std::make_unique<RunDir>(std::move(run_dir));
  PC_ASSIGN_OR_RETURN(kit->image, make_base_image(disk, *kit->run_dir));
  if (!scenario.verify.empty()) {
    kit->verify_file = kit->run_dir->path() / "verify.sh";
    std::ofstream(kit->verify_file) << scenario.verify;
  }
  if (scenario.script.empty()) {
    PC_ASSIGN_OR_RETURN(kit->recorder, options_.make_recorder(disk, *kit->run_dir));
  }
  kits_.push_back(std::move(kit));
  return kits_.back().get();
}

Result<ScenarioRunOptions::ScriptRecording> ScenarioRun::record(const Scenario& scenario,
                                                                Kit& kit,
                                                                const fs::path& log) {
  if (!scenario.script.empty()) {
    return options_.record_script(scenario, kit.disk, kit.image, log);
  }
  Format2Options format;
  format.devices = {disk_of(kit.disk, kit.image)};
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<Format2Writer> writer,
                      Format2Writer::create(log, format));
  PerformRequest request;
  request.base = kit.image.source;
  request.file_system = scenario.file_system;
  request.mount_options = scenario.mount_options;
  request.latency = std::chrono::milliseconds(scenario.latency_ms);
  request.workload = &scenario.workload;
  request.timeout = options_.timeout;
  ScenarioRunOptions::ScriptRecording recorded;
  PC_ASSIGN_OR_RETURN(recorded.performed, kit.recorder->record(request, *writer));
  PC_RETURN_IF_ERROR(writer->close());
  recorded.kernel = kit.recorder->kernel();
  return recorded;
}

Result<ScenarioOutcome> ScenarioRun::run(const Scenario& given) {
  Scenario scenario = given;
  if (!options_.file_system.empty()) {
    scenario.file_system = options_.file_system;
  }
  if (!scenario.disks.empty()) {
    return run_stack_of(given);
  }
  PC_RETURN_IF_ERROR(check_place(given, scenario.file_system));
  PC_RETURN_IF_ERROR(check_needs(scenario));
  PC_ASSIGN_OR_RETURN(Kit* const kit, kit_for(scenario));
  Result<ScenarioOutcome> outcome = run_with(scenario, *kit);
  if (!kit->judge) {
    kits_.pop_back();  // a judge that could not begin has left a part of its things there
  }
  return outcome;
}

Result<ScenarioOutcome> ScenarioRun::run_with(const Scenario& scenario, Kit& kit) {
  const auto begin = std::chrono::steady_clock::now();
  PC_ASSIGN_OR_RETURN(const MemoryLog memory, MemoryLog::make());
  PC_ASSIGN_OR_RETURN(const ScenarioRunOptions::ScriptRecording recorded,
                      record(scenario, kit, memory.path()));
  ScenarioOutcome outcome;
  outcome.operations = scenario.workload.operations.size();
  outcome.kernel = recorded.kernel;
  outcome.record_seconds = seconds_since(begin);
  const std::string release = outcome.kernel.substr(0, outcome.kernel.find(' '));
  PC_ASSIGN_OR_RETURN(const KernelVersion version, parse_kernel_version(release));
  outcome.expected = scenario.expected_on(version);
  if (recorded.performed.done) {
    PC_ASSIGN_OR_RETURN(outcome, check(scenario, kit, memory.path(), std::move(outcome)));
    compare_with_expectation(outcome);
  } else {
    PC_ASSIGN_OR_RETURN(
        outcome, check_until_failure(scenario, kit, memory.path(),
                                     recorded.performed.problem, std::move(outcome)));
  }
  if (!options_.keep.empty() &&
      (options_.keep_all || outcome.kind != ScenarioOutcome::Kind::kAsExpected)) {
    PC_RETURN_IF_ERROR(keep(scenario, kit.image.file, memory.path(), outcome));
  }
  return outcome;
}

// What was recorded until a workload failed is checked all the same.
Result<ScenarioOutcome> ScenarioRun::check_until_failure(const Scenario& scenario,
                                                         Kit& kit, const fs::path& log,
                                                         const std::string& problem,
                                                         ScenarioOutcome outcome) {
  outcome.kind = ScenarioOutcome::Kind::kFailed;
  if (!was_begun(log, kit.image)) {
    outcome.why = "the workload did not begin: " + problem;
    return outcome;
  }
  outcome.why = "the workload failed: " + problem;
  Result<ScenarioOutcome> checked = check(scenario, kit, log, outcome);
  if (!checked) {
    if (checked.error().kind == ErrorKind::kInterrupted) {
      return checked;
    }
    outcome.why += "; what was recorded cannot be checked: " + checked.error().message;
    return outcome;
  }
  compare_with_expectation(*checked);
  if (!checked->certificate.findings.empty()) {
    outcome.why += "; of what was recorded: " + checked->why;
  }
  checked->kind = outcome.kind;
  checked->why = outcome.why;
  return checked;
}

Result<ScenarioOutcome> ScenarioRun::check(const Scenario& scenario, Kit& kit,
                                           const fs::path& log, ScenarioOutcome outcome) {
  const auto begin = std::chrono::steady_clock::now();
  PC_ASSIGN_OR_RETURN(const CrashModel model, model_of(scenario, kit.disk.block_bytes));
  RecordingOptions recording_options;
  recording_options.base_sources = {kit.image.source};
  PC_ASSIGN_OR_RETURN(const std::shared_ptr<const Recording> recording,
                      Recording::open(log, recording_options));
  const Timeline& timeline = recording->timeline();
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<Oracle> oracle,
                      oracle_of(scenario, recording));
  const std::uint32_t unit_bytes = unit_bytes_for(timeline, model);
  if (!kit.judge) {
    CheckerOptions options;
    options.timeout = options_.timeout;
    options.mount_options = scenario.mount_options;
    set_observing(scenario, options);
    options.unit_bytes = data_unit_of(scenario, unit_bytes);
    PC_ASSIGN_OR_RETURN(std::unique_ptr<Checker> checker,
                        make_checker(checker_of(scenario, kit.verify_file), options));
    JudgeOptions judging;
    judging.jobs = checker->alone() && !options_.mounts_in_guest ? 1 : options_.jobs;
    judging.unit_bytes = unit_bytes;
    kit.mounts = checker->needs_mounter();
    if (kit.mounts) {
      judging.make_mounter = options_.make_mounter(kit.disk.block_bytes, *kit.run_dir);
      judging.pinned = !options_.mounts_in_guest;
    }
    PC_ASSIGN_OR_RETURN(
        std::unique_ptr<Judge> judge,
        Judge::start(*recording, std::move(checker), *kit.run_dir, judging));
    const CrashState pristine{StateSpace::linear(recording, 0), {}};
    PC_ASSIGN_OR_RETURN(const Verdict verdict, judge->take_baseline(pristine));
    if (verdict.kind != Verdict::Kind::kClean) {
      return fail(ErrorKind::kBadInput,
                  fmt::format("the checker is not content with the fresh disk of {}: {}",
                              scenario.name, verdict.summary()));
    }
    kit.judge = std::move(judge);
  }
  kit.judge->set_unit_bytes(unit_bytes);
  PC_ASSIGN_OR_RETURN(Durability durable, Durability::build(timeline, model));
  const auto durability = std::make_shared<const Durability>(std::move(durable));
  const Result<Cut> begun = find_cut(timeline, "mark:begin");
  const Result<Cut> prepared = find_cut(timeline, "mark:prepared");
  const Result<Cut> done = find_cut(timeline, "mark:operations-done");
  const Cut first = scenario.script.empty() && begun ? *begun : 0;
  const Cut from = prepared && !options_.preparations ? *prepared : first;
  const Cut to = !options_.to_the_end && done ? *done : timeline.end();
  static const std::vector<EventPos> none;
  const std::vector<EventPos>& boundaries = oracle ? oracle->boundaries() : none;
  outcome.acknowledgements = boundaries.size();
  const ExplorerOptions explorer =
      explorer_options(options_, *kit.judge, oracle.get(), outcome.expected);
  Decider decider(recording, *kit.judge, kit.judge->checker().tier(), explorer,
                  options_.inference);
  PC_ASSIGN_OR_RETURN(outcome.certificate,
                      decider.decide(durability, list_windows(timeline, *durability, from,
                                                              to, boundaries)));
  if (scenario.depth == 2) {
    NestedOptions nested;
    nested.explorer = explorer;
    nested.inference = options_.inference;
    PC_ASSIGN_OR_RETURN(nested.model, recovery_model_of(scenario, model));
    PC_RETURN_IF_ERROR(check_recoveries(kit, nested, outcome));
  }
  outcome.check_seconds = seconds_since(begin);
  outcome.mounted = kit.mounts;
  return outcome;
}

// Time and runs are those of the scenario, as are the findings that are enough.
Status ScenarioRun::check_recoveries(Kit& kit, const NestedOptions& nested,
                                     ScenarioOutcome& outcome) const {
  const auto begin = std::chrono::steady_clock::now();
  const double seconds = options_.time_seconds - outcome.certificate.seconds;
  std::uint64_t runs = outcome.certificate.runs;
  std::uint64_t findings = outcome.certificate.findings.size();
  const auto may_go_on = [&] {
    return findings < nested.explorer.stop_after &&
           (options_.max_runs == 0 || runs < options_.max_runs) &&
           (options_.time_seconds == 0 || seconds_since(begin) < seconds);
  };
  outcome.recoveries_wanted = outcome.certificate.examples.size();
  if (may_go_on()) {
    PC_ASSIGN_OR_RETURN(
        outcome.recoveries,
        explore_recoveries(*kit.judge, outcome.certificate.examples, *kit.run_dir, nested,
                           [&](const NestedResult& result) {
                             runs += result.certificate.runs;
                             findings += result.certificate.findings.size();
                             return may_go_on();
                           }));
  }
  return {};
}

Result<ScenarioOutcome> ScenarioRun::run_stack_of(const Scenario& scenario) const {
  if (!options_.file_system.empty()) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} is about a stack of disks, not about files on {}",
                            scenario.name, options_.file_system));
  }
  PC_ASSIGN_OR_RETURN(const RunDir run_dir, RunDir::create());
  const fs::path log = run_dir.path() / "stack.log";
  Result<ScenarioOutcome> ran = run_stack(scenario, options_, log, run_dir);
  if (!ran) {
    return fail(with_kept_log(scenario, log, std::move(ran.error())));
  }
  ScenarioOutcome outcome = std::move(*ran);
  if (outcome.kind != ScenarioOutcome::Kind::kFailed) {
    compare_with_expectation(outcome);
  }
  std::error_code ignored;
  if (!options_.keep.empty() && fs::exists(log, ignored) &&
      (options_.keep_all || outcome.kind != ScenarioOutcome::Kind::kAsExpected)) {
    PC_RETURN_IF_ERROR(keep(scenario, "", log, outcome));
  }
  return outcome;
}

// A recording that cannot be judged may be all there is to tell why.
Error ScenarioRun::with_kept_log(const Scenario& scenario, const fs::path& log,
                                 Error error) const {
  std::error_code ignored;
  if (options_.keep.empty() || error.kind == ErrorKind::kInterrupted ||
      !fs::exists(log, ignored)) {
    return error;
  }
  ScenarioOutcome outcome;
  const Status kept = keep(scenario, "", log, outcome);
  error.hint += error.hint.empty() ? "" : "; ";
  error.hint += kept ? "the log is kept: " + outcome.kept.native() : kept.error().message;
  return error;
}

Status ScenarioRun::keep(const Scenario& scenario, const fs::path& base_file,
                         const fs::path& log, ScenarioOutcome& outcome) const {
  std::error_code error;
  fs::create_directories(options_.keep, error);
  const fs::path stem = options_.keep / options_.kept_names->take(scenario.name);
  const fs::path scenario_file = stem.native() + ".scenario";
  outcome.kept = stem.native() + ".log";
  if (!error) {
    fs::copy_file(log, outcome.kept, fs::copy_options::overwrite_existing, error);
  }
  if (!error && !base_file.empty()) {
    fs::copy_file(base_file, stem.native() + ".base",
                  fs::copy_options::overwrite_existing, error);
  }
  if (!error) {
    std::ofstream out(scenario_file);
    out << to_text(scenario);
    if (!out.flush()) {
      error = std::make_error_code(std::errc::io_error);
    }
  }
  if (!error) {
    // A file in memory is everybody's to write and execute; a kept one is not.
    fs::permissions(outcome.kept, fs::status(scenario_file, error).permissions(), error);
  }
  if (error) {
    return fail(ErrorKind::kSystem, fmt::format("cannot keep {} in {}: {}", scenario.name,
                                                options_.keep.native(), error.message()));
  }
  return {};
}

}  // namespace powercut
