// SPDX-License-Identifier: GPL-2.0-only
//
// powercut explain: reduces a finding to the writes that are to blame, and names them.

#include "cli/arguments.h"
#include "cli/check_session.h"
#include "cli/command.h"
#include "cli/explain_findings.h"
#include "cli/explanation_of.h"
#include "cli/finding_words.h"
#include "cli/log_arguments.h"
#include "cli/output.h"
#include "scenarios/finding_export.h"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace powercut {

namespace {

int run(const Command& self, const std::vector<std::string>& words) {
  po::options_description options;
  add_check_options(options);
  add_model_options(options);
  add_log_options(options);
  options.add_options()("state", po::value<std::string>(),
                        "the finding: a state, as `check` names it")(
      "probe", po::value<std::string>()->default_value(""),
      "which probe complains (default: the first that does)")(
      "export", po::value<std::string>(),
      "make this directory: images, part of the log, explanation, a case of xfstests")(
      "qcow2", "--export: images as qcow2 (by qemu-img), not sparse raw")(
      "finding", po::value<std::string>(),
      "with --results: a finding of the last check in that file, by number or state; log "
      "and options are that check's")("results", po::value<std::string>(),
                                      "answer runs from this file, and keep new ones");
  const std::vector<std::string> given = words_of_finding(words);
  const Arguments arguments = parse_arguments(self, options, {"LOG"}, given);
  if (!arguments.has("state")) {
    throw Failure(Error{ErrorKind::kUsage, "which finding? --state is missing",
                        "`powercut check LOG` names a state with each finding; give the "
                        "same --checker and model options (or --results FILE --finding "
                        "N)"});
  }
  if (arguments.has("qcow2") && !arguments.has("export")) {
    throw Failure(Error{ErrorKind::kUsage, "--qcow2 without --export",
                        "it says how the images of --export are written"});
  }
  check_report_path(arguments);
  CheckSession session = open_check_session(arguments);
  const std::unique_ptr<CheckResults> results =
      CheckResults::open(session, arguments, given);
  if (results) {
    results->attach(*session.judge);
  }
  StateRunner& runner = results ? results->runner() : *session.judge;
  const std::string id = arguments.text("state");
  const ExplainedState explained =
      value_or_throw(explainer_of(session, arguments, runner, results.get())
                         ->explain(state_called(session, id), arguments.text("probe")));
  const Explanation explanation = explanation_of(session.context, id, explained);
  if (arguments.has("export")) {
    FindingExport out;
    out.directory = arguments.text("export");
    out.qcow2 = arguments.has("qcow2");
    out.summary = explanation.complaints.empty() ? id : explanation.complaints[0];
    out.explanation = explanation_text(explanation);
    out.json = explanation_json(explanation);
    out.checker = session.context.checker;
    value_or_throw(export_finding(explained.reduction, out));
  }
  write_report(arguments, explanation_text(explanation), explanation_json(explanation));
  return kExitClean;
}

}  // namespace

extern const Command kExplainCommand = {
    "explain", "LOG --state ID [--checker C] ... | --results FILE --finding N",
    "reduce a finding to the writes that are to blame",
    "Takes a state that fails and looks for the smallest set of lost, torn or reordered\n"
    "writes that explains it, against the state at the same cut in which all (or none) "
    "of\n"
    "what was pending reached the medium. Each write is named: entry, time, submitter, "
    "place,\n"
    "what it holds, and the flush that should have covered it. The options are those of\n"
    "`check`, and must be the same: what is a finding depends on them; a results file "
    "knows\n"
    "them. Exit code 0: explained; 2: the state does not fail.\n\n"
    "examples:\n"
    "  powercut explain run.log --state c1043.w.all-412-415\n"
    "  powercut explain run.log --state c1043.w.none+417 --checker xfs --mount guest\n"
    "  powercut explain run.log --state c98.w.all-96 --scenario my.scenario --json -\n"
    "  powercut explain --results run.db --finding 1\n\n",
    &run};

}  // namespace powercut
