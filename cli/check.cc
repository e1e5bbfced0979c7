// SPDX-License-Identifier: GPL-2.0-only
//
// powercut check: decides every permitted state of a log.

#include "base/signals.h"
#include "cli/arguments.h"
#include "cli/check_recovery.h"
#include "cli/check_results.h"
#include "cli/check_session.h"
#include "cli/check_state.h"
#include "cli/command.h"
#include "cli/explain_findings.h"
#include "cli/log_arguments.h"
#include "cli/mutate_flushes.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "replay/decider.h"
#include "scenarios/live_states.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace powercut {

namespace {

int exit_code_of(const Certificate& certificate, bool require_complete) {
  if (certificate.end == EndOfRun::kInterrupted) {
    return kExitInterrupted;
  }
  if (!certificate.findings.empty()) {
    return kExitFindings;
  }
  const bool nothing = certificate.tier == Tier::kProved
                           ? certificate.states_decided == 0
                           : certificate.windows_decided == 0;
  const bool whole = certificate.complete() || certificate.inferred_all();
  if (certificate.inconclusive > 0 || nothing || (require_complete && !whole)) {
    return kExitHarness;
  }
  return kExitClean;
}

int exit_code_of(const std::vector<RecoveryReport>& recoveries, bool require_complete) {
  int code = kExitClean;
  for (const RecoveryReport& recovery : recoveries) {
    if (recovery.writes > 0 || recovery.certificate.inconclusive > 0) {
      const int one = exit_code_of(recovery.certificate, require_complete);
      code = code == kExitFindings || one == kExitClean ? code : one;
    }
  }
  return code;
}

// Nothing was left out by a budget or for want of a judgement: to ask again gives the
// same.
bool decided_all(const Certificate& certificate,
                 const std::vector<RecoveryReport>& recoveries) {
  const auto decided = [](const Certificate& one) {
    return one.end == EndOfRun::kDecided && one.inconclusive == 0;
  };
  return decided(certificate) &&
         std::ranges::all_of(recoveries, [&](const RecoveryReport& recovery) {
           return decided(recovery.certificate);
         });
}

int check_all(CheckSession& session, const Arguments& arguments, CheckResults* results) {
  std::shared_ptr<const Durability> durability = std::make_shared<const Durability>(
      value_or_throw(Durability::build(session.recording->timeline(), session.model)));
  static const std::vector<EventPos> kNone;
  const Timeline& timeline = session.recording->timeline();
  const std::vector<LiveFailure> failures =
      session.live ? value_or_throw(list_live_failures(timeline, session.from))
                   : std::vector<LiveFailure>();
  const std::vector<Window> windows =
      session.live ? live_windows(failures, session.oracle.get())
                   : list_windows(timeline, *durability, session.from, session.to,
                                  session.oracle ? session.oracle->boundaries() : kNone);
  if (results != nullptr) {
    // An audit, and what cannot be told from footprints, is run for real.
    const bool audit = explorer_options(arguments).audit_share > 0;
    const bool tree =
        session.judge->checker().tier() == Tier::kProved && !session.live && !audit;
    results->begin(*session.judge, session.recording, tree ? durability : nullptr, audit);
    results->windows(windows);
  }
  StateRunner& runner = results != nullptr ? results->runner() : *session.judge;
  ProgressLine line;
  ExplorerOptions options = explorer_options(arguments);
  options.jobs = session.context.jobs;
  options.oracle = session.oracle.get();
  options.on_progress = [&](const Progress& progress) { line.show(progress); };
  if (results != nullptr) {
    options.on_window = [&](const DecidedWindow& decided) {
      return results->end_window(decided);
    };
  }
  Certificate certificate;
  if (session.live) {
    certificate =
        value_or_throw(decide_live(session.recording, durability, failures, runner,
                                   options.oracle, &interrupted, options.on_window));
  } else {
    Decider decider(session.recording, runner, session.judge->checker().tier(), options,
                    inference_options(arguments));
    certificate = value_or_throw(decider.decide(durability, windows));
  }
  line.clear();
  if (arguments.has("cross-check")) {
    cross_check(session, certificate);
  }
  if (arguments.has("explain")) {
    explain_findings(session, arguments, runner, results, certificate);
  }
  std::vector<RecoveryReport> recoveries;
  const bool nested = session.depth == 2;
  if (nested) {
    recoveries = check_recoveries(session, arguments, certificate);
  }
  if (interrupted()) {
    certificate.end = EndOfRun::kInterrupted;
  }
  std::string text =
      check_text(*session.recording, session.model, session.context, certificate);
  if (nested) {
    text += recovery_text(session.context, recoveries, certificate.examples.size());
  }
  const std::string json = check_json(*session.recording, session.model, session.context,
                                      certificate, recoveries);
  const bool require_complete = arguments.has("require-complete");
  int code = exit_code_of(certificate, require_complete);
  code = code != kExitClean ? code : exit_code_of(recoveries, require_complete);
  if (results != nullptr) {
    results->end(code, certificate, decided_all(certificate, recoveries), json, text);
    text += results->text();
  }
  write_report(arguments, text, json);
  return code;
}

// One state by its id: what a finding's reproduction runs.
int check_one(CheckSession& session, const std::string& id) {
  StateIdHead head =
      value_or_throw(parse_state_head(id, session.recording->timeline().end()));
  std::shared_ptr<const Durability> durability = std::make_shared<const Durability>(
      value_or_throw(Durability::build(session.recording->timeline(), session.model)));
  std::shared_ptr<const StateSpace> space =
      value_or_throw(StateSpace::build(session.recording, durability, head.cut));
  return check_state(session, value_or_throw(state_from_id(space, id)), id);
}

// What would be without effect is refused: who asked for it would take it as done.
void check_combinations(const Arguments& arguments) {
  const bool nested = arguments.values["depth"].as<unsigned>() > 1;
  for (const char* mode : {"state", "mutate-flushes"}) {
    if (arguments.has(mode) && (nested || arguments.has("cross-check"))) {
      throw Failure(Error{ErrorKind::kUsage,
                          fmt::format("--{} does not go with {}", mode,
                                      nested ? "--depth 2" : "--cross-check"),
                          "these look at the classes of a whole check"});
    }
  }
  if (arguments.has("state") && arguments.has("json")) {
    throw Failure(Error{ErrorKind::kUsage, "--json does not go with --state",
                        "it is for a whole check; `powercut explain --json` tells of one "
                        "state"});
  }
  for (const char* mode : {"state", "mutate-flushes"}) {
    for (const char* whole :
         {"results", "junit", "ktap", "github", "explain", "require-complete"}) {
      if (arguments.has(mode) && arguments.has(whole)) {
        throw Failure(Error{ErrorKind::kUsage,
                            fmt::format("--{} does not go with --{}", whole, mode),
                            "it is for a whole check"});
      }
    }
  }
  if (arguments.has("keep-recoveries") && !nested && !arguments.has("scenario")) {
    throw Failure(Error{ErrorKind::kUsage, "--keep-recoveries without --depth 2",
                        "only power cuts during recovery have recoveries to keep"});
  }
}

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  add_check_options(options);
  add_model_options(options);
  add_log_options(options);
  options.add_options()("mutate-flushes",
                        "ignore each flush in turn and tell which carry weight")(
      "state", po::value<std::string>(), "check this one state, as a finding names it");
  add_explain_option(options);
  add_results_options(options);
  add_test_case_options(options);
  const std::vector<std::string> given = resumed_words(words);
  const Arguments arguments = parse_arguments(self, options, {"LOG"}, given);
  check_report_path(arguments);
  check_combinations(arguments);
  CheckSession session = prepare_check_session(arguments);
  const std::unique_ptr<CheckResults> results =
      CheckResults::open(session, arguments, given);
  if (results) {
    if (const std::optional<StoredSession> known = results->answer()) {
      write_report(arguments,
                   known->end.report +
                       fmt::format("results    {}: all of this is from {}, and nothing "
                                   "was run\n",
                                   arguments.text("results"), known->started),
                   known->end.certificate);
      return known->end.exit_code;
    }
  }
  start_check_session(arguments, session);
  if (arguments.has("state")) {
    return check_one(session, arguments.text("state"));
  }
  if (arguments.has("mutate-flushes")) {
    return mutate_flushes(session, arguments);
  }
  return check_all(session, arguments, results.get());
}

}  // namespace

extern const Command kCheckCommand = {
    "check", "LOG [--from WHERE] [--to WHERE] [--checker C] ...",
    "decide every state that a power cut could have left",
    "Builds every state that the crash model permits between two instants of the log,\n"
    "has the checker look at as few of them as proves all, and prints the certificate:\n"
    "states permitted, states decided, classes, runs, findings. Of checkers that read\n"
    "more than they use (xfs) the rest is inferred with a confidence instead. Exit code "
    "0: no\n"
    "finding in what was decided (all of it, unless --max-runs, --time or --stop-after\n"
    "ended it: see --require-complete); 1: findings; 3: the checker could not judge.\n\n"
    "examples:\n"
    "  powercut check run.log\n"
    "  powercut check run.log --from mark:mkfs --atomic 512 --audit 0.1\n"
    "  powercut check run.log --checker 'command:./my-fsck.sh {}' --clean-exit 0,1\n"
    "  powercut check run.log --mutate-flushes\n"
    "  powercut check run.log --fault ignore-flush:3 --stop-after 1\n"
    "  powercut check run.log --checker xfs --mount guest --kernel ~/linux\n"
    "  powercut check run.log --data --cross-check --depth 2 --mount here\n\n",
    &run};

}  // namespace powercut
