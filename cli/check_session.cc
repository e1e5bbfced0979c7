// SPDX-License-Identifier: GPL-2.0-only

#include "cli/check_session.h"

#include "base/signals.h"
#include "cli/log_arguments.h"
#include "cli/mount_place.h"
#include "cli/mount_privacy.h"
#include "replay/state_view.h"
#include "replay/where.h"
#include "scenarios/scenario_judging.h"
#include "scenarios/stack_guest.h"

#include <fmt/format.h>

#include <fstream>
#include <thread>

namespace powercut {

namespace {

std::string default_from(const Timeline& timeline,
                         const std::optional<Scenario>& scenario) {
  const char* const first = !scenario                  ? "mkfs"
                            : !scenario->disks.empty() ? "prepared"
                            : scenario->script.empty() ? "begin"
                                                       : "mkfs";
  for (const Mark& mark : timeline.marks()) {
    if (mark.text == first) {
      return "mark:" + mark.text;
    }
  }
  return "start";
}

std::vector<int> parse_exit_codes(const std::string& text) {
  std::vector<int> codes;
  std::size_t at = 0;
  while (at <= text.size()) {
    std::size_t comma = std::min(text.find(',', at), text.size());
    try {
      codes.push_back(std::stoi(text.substr(at, comma - at)));
    } catch (const std::exception&) {
      throw Failure(Error{ErrorKind::kUsage,
                          fmt::format("'{}' is no list of exit codes", text),
                          "for example: --clean-exit 0,1"});
    }
    at = comma + 1;
  }
  return codes;
}

void check_numbers(const Arguments& arguments) {
  for (const char* name : {"timeout", "time"}) {
    double seconds = arguments.values[name].as<double>();
    constexpr double kMostSeconds = 1e9;
    if (!(seconds >= 0 && seconds <= kMostSeconds)) {
      throw Failure(Error{ErrorKind::kUsage,
                          fmt::format("--{} {} is no number of seconds", name, seconds),
                          {}});
    }
  }
  double audit = arguments.values["audit"].as<double>();
  if (!(audit >= 0 && audit <= 1)) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("'{}' is no share", audit),
                        "--audit is a number from 0 to 1"});
  }
  const unsigned depth = arguments.values["depth"].as<unsigned>();
  if (depth != 1 && depth != 2) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("cannot check to depth {}", depth),
                        "--depth is 1, or 2 for power cuts during recovery"});
  }
  inference_options(arguments);  // refuses what is out of range
}

CheckerOptions checker_options(const Arguments& arguments,
                               const std::optional<Scenario>& scenario,
                               std::uint32_t unit_bytes) {
  CheckerOptions options;
  options.timeout = std::chrono::milliseconds(
      static_cast<std::int64_t>(arguments.values["timeout"].as<double>() * 1000));
  options.clean_exit_codes = parse_exit_codes(arguments.text("clean-exit"));
  options.mount_options = arguments.text("mount-options");
  options.data = arguments.has("data");
  if (scenario) {
    set_observing(*scenario, options);
    if (options.mount_options.empty()) {
      options.mount_options = scenario->mount_options;
    }
  }
  options.unit_bytes = data_unit_of(scenario.value_or(Scenario{}), unit_bytes);
  return options;
}

std::optional<Scenario> scenario_from(const Arguments& arguments) {
  return arguments.has("scenario")
             ? std::optional(value_or_throw(read_scenario(arguments.text("scenario"))))
             : std::nullopt;
}

// What the scenario says holds where nothing else was typed.
CrashModel model_for(const Arguments& arguments, const std::optional<Scenario>& scenario,
                     const Recording& recording) {
  CrashModel model = model_from(arguments, recording);
  if (scenario) {
    const CrashModel own = value_or_throw(
        model_of(*scenario, recording.timeline().devices()[0].logical_block_bytes));
    model.device = arguments.values["model"].defaulted() ? own.device : model.device;
    model.fault = arguments.values["fault"].defaulted() ? own.fault : model.fault;
    model.atomic_bytes =
        arguments.values["atomic"].defaulted() ? own.atomic_bytes : model.atomic_bytes;
  }
  return model;
}

std::string checker_for(const Arguments& arguments,
                        const std::optional<Scenario>& scenario, const RunDir& run_dir) {
  if (!scenario || !arguments.values["checker"].defaulted()) {
    return arguments.text("checker");
  }
  const std::filesystem::path verify = run_dir.path() / "verify.sh";
  std::ofstream(verify) << stack_verify(*scenario);
  return checker_of(*scenario, verify);
}

std::size_t count_jobs(const Arguments& arguments, const Checker& checker) {
  const std::size_t jobs = arguments.has("jobs")
                               ? arguments.values["jobs"].as<std::size_t>()
                               : std::max(1U, std::thread::hardware_concurrency());
  constexpr std::size_t kMostJobs = 32;
  if (jobs == 0 || jobs > kMostJobs) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("cannot run {} checkers at a time", jobs),
                        fmt::format("--jobs is 1 to {}", kMostJobs)});
  }
  // One kernel holds one of its states at a time.
  return checker.alone() && arguments.text("mount") == "here" ? 1 : jobs;
}

void start_judge(const Arguments& arguments, std::unique_ptr<Checker> checker,
                 const std::optional<Scenario>& scenario, CheckSession& session) {
  if (arguments.has("cross-check") && checker->cross_checker() == nullptr) {
    throw Failure(Error{
        ErrorKind::kUsage,
        fmt::format("there is no other recovery to compare the checker {} with",
                    session.context.checker),
        "--cross-check is for --checker ext4, whose e2fsck is compared with the kernel"});
  }
  JudgeOptions judge;
  judge.jobs = session.context.jobs;
  judge.unit_bytes = unit_bytes_for(session.recording->timeline(), session.model);
  if (checker->needs_mounter() || arguments.has("cross-check")) {
    add_mount_place(arguments, *checker, scenario, *session.recording, *session.run_dir,
                    judge);
    session.context.mounted = arguments.text("mount");
  }
  session.judge = value_or_throw(
      Judge::start(*session.recording, std::move(checker), *session.run_dir, judge));
}

// The log of a recovery has no marks that an oracle knows, and a disk of its own.
std::string recovery_flags(const Arguments& arguments,
                           const std::optional<Scenario>& scenario,
                           const std::string& checker_flags) {
  if (!scenario) {
    return checker_flags;
  }
  const std::string fault =
      scenario->recovery_fault.empty() ? "" : " --fault " + scenario->recovery_fault;
  const std::string checker =
      scenario->verify.empty() ? " --checker " + quoted(checker_of(*scenario, "")) : "";
  return (arguments.values["checker"].defaulted()
              ? checker
              : typed_flags(arguments, {"checker", "clean-exit"})) +
         fault;
}

void take_baseline(CheckSession& session) {
  CrashState pristine{StateSpace::linear(session.recording, session.from), {}};
  Verdict verdict = value_or_throw(session.judge->take_baseline(pristine));
  std::string hint =
      session.recording->timeline().marks().empty()
          ? "is there the file system that the checker expects? --checker chooses another"
          : "choose with --from a point at which the file system is whole: a mark after "
            "mkfs (`powercut log list LOG` shows the marks), or another --checker";
  if (verdict.reason.ends_with("read nothing from the disk")) {
    hint = "a program that does not look at the disk cannot judge it";
  }
  if (verdict.kind == Verdict::Kind::kInconclusive) {
    throw Failure(
        Error{ErrorKind::kBadInput,
              fmt::format("the checker {} cannot judge even the state at {}, "
                          "without a crash: {}",
                          session.context.checker, session.context.from, verdict.reason),
              hint});
  }
  for (const Finding& finding : verdict.findings) {
    if (finding.blinding) {
      throw Failure(Error{
          ErrorKind::kBadInput,
          fmt::format("the checker {} already fails on the state at {}, "
                      "without a crash ({}): nothing could be found",
                      session.context.checker, session.context.from, finding.summary),
          hint});
    }
    session.context.baseline.push_back(finding.summary);
  }
}

CheckSession prepare(const Arguments& arguments,
                     std::shared_ptr<const Recording> recording,
                     std::uint32_t atomic_bytes) {
  check_numbers(arguments);
  CheckSession session;
  session.recording = std::move(recording);
  session.scenario = scenario_from(arguments);
  const std::optional<Scenario>& scenario = session.scenario;
  session.model = model_for(arguments, scenario, *session.recording);
  session.model.atomic_bytes = atomic_bytes;
  session.recovery_model =
      value_or_throw(recovery_model_of(scenario.value_or(Scenario{}), session.model));
  session.live = scenario && scenario->live;
  session.depth = scenario && arguments.values["depth"].defaulted()
                      ? scenario->depth
                      : arguments.values["depth"].as<unsigned>();
  session.run_dir = value_or_throw(RunDir::create());
  const std::string checker_text = checker_for(arguments, scenario, *session.run_dir);
  session.checker = value_or_throw(make_checker(
      checker_text,
      checker_options(arguments, scenario,
                      unit_bytes_for(session.recording->timeline(), session.model))));
  if (scenario) {
    session.oracle = value_or_throw(oracle_of(*scenario, session.recording));
  }
  const Timeline& timeline = session.recording->timeline();
  CheckContext& context = session.context;
  context.log_path = quoted_log(arguments);
  context.from = arguments.text("from", default_from(timeline, scenario));
  context.to = arguments.text("to");
  context.checker = session.checker->name();
  context.state_flags = state_flags(arguments);
  context.checker_flags = typed_flags(arguments, {"checker", "clean-exit", "scenario"}) +
                          (arguments.has("data") ? " --data" : "");
  context.check_flags = typed_flags(arguments, {"from"}) + context.checker_flags;
  context.recovery_flags = recovery_flags(arguments, scenario, context.checker_flags);
  context.mount_flags =
      typed_flags(arguments, {"mount", "mount-options", "kernel", "modules"});
  context.seed = arguments.values["seed"].as<std::uint64_t>();
  context.jobs = count_jobs(arguments, *session.checker);
  session.from = value_or_throw(find_cut(timeline, context.from));
  session.to = value_or_throw(find_cut(timeline, context.to));
  if (session.from > session.to) {
    throw Failure(
        Error{ErrorKind::kUsage,
              fmt::format("--from {} comes after --to {}", context.from, context.to),
              {}});
  }
  return session;
}

}  // namespace

namespace {

std::string checker_help() {
  std::string text = "who judges a state: ";
  for (const CheckerKind& kind : checker_kinds()) {
    text += kind.synopsis + (&kind == &checker_kinds().back() ? "" : ", ");
  }
  return text + " (`powercut doctor` says what they are)";
}

}  // namespace

void add_check_options(po::options_description& options) {
  options.add_options()("from", po::value<std::string>(),
                        "first instant: start, end, mark:NAME, flush:N, entry:N, seq:N "
                        "(default: mark:mkfs if there is one, else start)")(
      "to", po::value<std::string>()->default_value("end"), "last instant")(
      "checker", po::value<std::string>()->default_value("ext4"), checker_help().c_str())(
      "scenario", po::value<std::string>(),
      "the scenario that was recorded: its oracle, and its checker and model unless "
      "others are named")("data",
                          "read what files hold too, and hold their stamps to account")(
      "cross-check", "have the kernel recover a state of each class too, and compare")(
      "depth", po::value<unsigned>()->default_value(1),
      "2: explore power cuts during the recovery of a state of each class, too")(
      "keep-recoveries", po::value<std::string>(),
      "directory for logs and images of recoveries that fail")(
      "confidence", po::value<double>()->default_value(0.95),
      "of what is inferred, 0.5 to 0.9999")(
      "share", po::value<double>()->default_value(0.01),
      "of a window's states that may differ from what is inferred, 0.0001 to 0.5")(
      "clean-exit", po::value<std::string>()->default_value("0"),
      "exit codes of the command checker that mean clean")(
      "timeout", po::value<double>()->default_value(60.0),
      "seconds after which a checker run is inconclusive")(
      "jobs", po::value<std::size_t>(), "checkers at a time (default: processors)")(
      "max-runs", po::value<std::uint64_t>()->default_value(0),
      "stop after so many checker runs (0: no bound)")(
      "time", po::value<double>()->default_value(0), "stop after so many seconds")(
      "stop-after", po::value<std::uint64_t>()->default_value(0),
      "stop after so many findings (0: find all)")(
      "audit", po::value<double>()->default_value(0),
      "share of the closed classes, 0 to 1, of which a random state is run for real")(
      "require-complete", "exit with 3 if some permitted state was left undecided")(
      "seed", po::value<std::uint64_t>()->default_value(1),
      "of everything random: same seed, same runs")(
      "json", po::value<std::string>(),
      "write the report as JSON to a file, - is stdout");
  add_mount_options(options);
}

CheckSession prepare_check_session(const Arguments& arguments) {
  check_numbers(arguments);
  hide_mounts();
  std::shared_ptr<const Recording> recording = open_recording(arguments);
  const std::optional<Scenario> scenario = scenario_from(arguments);
  CrashModel model = model_for(arguments, scenario, *recording);
  if (arguments.has("state")) {  // its atomic unit is part of its id
    model.atomic_bytes = value_or_throw(parse_state_head(arguments.text("state"),
                                                         recording->timeline().end()))
                             .atomic_bytes;
  }
  return prepare(arguments, std::move(recording), model.atomic_bytes);
}

CrashModel check_model(const Arguments& arguments, const Recording& recording) {
  return model_for(arguments, scenario_from(arguments), recording);
}

void start_check_session(const Arguments& arguments, CheckSession& session) {
  start_judge(arguments, std::move(session.checker), session.scenario, session);
  take_baseline(session);
}

CheckSession open_check_session(const Arguments& arguments) {
  CheckSession session = prepare_check_session(arguments);
  start_check_session(arguments, session);
  return session;
}

CheckSession open_check_session(const Arguments& arguments,
                                std::shared_ptr<const Recording> recording,
                                std::uint32_t atomic_bytes) {
  CheckSession session = prepare(arguments, std::move(recording), atomic_bytes);
  start_check_session(arguments, session);
  return session;
}

InferenceOptions inference_options(const Arguments& arguments) {
  InferenceOptions options;
  options.confidence = arguments.values["confidence"].as<double>();
  options.share = arguments.values["share"].as<double>();
  if (!(options.confidence >= 0.5 && options.confidence <= 0.9999)) {
    throw Failure(Error{ErrorKind::kUsage,
                        fmt::format("'{}' is no confidence", options.confidence),
                        "--confidence is a number from 0.5 to 0.9999"});
  }
  if (!(options.share >= 0.0001 && options.share <= 0.5)) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("'{}' is no share", options.share),
                        "--share is a number from 0.0001 to 0.5"});
  }
  return options;
}

ExplorerOptions explorer_options(const Arguments& arguments) {
  ExplorerOptions options;
  options.max_runs = arguments.values["max-runs"].as<std::uint64_t>();
  options.time_seconds = arguments.values["time"].as<double>();
  options.stop_after = arguments.values["stop-after"].as<std::uint64_t>();
  options.audit_share = arguments.values["audit"].as<double>();
  options.seed = arguments.values["seed"].as<std::uint64_t>();
  options.interrupted = &interrupted;
  return options;
}

}  // namespace powercut
