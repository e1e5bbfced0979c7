// SPDX-License-Identifier: GPL-2.0-only
//
// The results file of a check (--results, --resume): what its runs follow from, and what
// is written down of it.

#pragma once

#include "cli/arguments.h"
#include "cli/check_session.h"
#include "replay/certificate.h"
#include "replay/known_states.h"
#include "replay/window.h"
#include "results/stored_runner.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// The options of `check` that have to do with it.
void add_results_options(po::options_description& options);

// What --resume FILE stands for: the words of the last check in FILE that did not end,
// and --results FILE. Goes to the directory in which it was begun. Words without --resume
// are given back as they are. Throws Failure: nothing to resume.
std::vector<std::string> resumed_words(const std::vector<std::string>& words);

// Everything but the state that a run's outcome follows from, as one text: log, model,
// checker, programs and kernel, each with what tells its version.
std::string subject_of(const CheckSession& session, const Arguments& arguments);

// One check being written down.
class CheckResults {
 public:
  // Null if the command line does not ask for it. The session may be only prepared.
  // Throws Failure.
  static std::unique_ptr<CheckResults> open(const CheckSession& session,
                                            const Arguments& arguments,
                                            const std::vector<std::string>& words);

  // What the very same question was answered with: a whole check of the same subject with
  // the same options. Nothing if it was not asked, or did not decide all.
  std::optional<StoredSession> answer();

  // From here on it is a check of its own, which can be resumed. The judge must outlive
  // it. `durability` is of the model; null: no state is answered but those that were run.
  // `audit`: what is asked again is run for real.
  void begin(StateRunner& judge, const std::shared_ptr<const Recording>& recording,
             const std::shared_ptr<const Durability>& durability, bool audit);

  StateRunner& runner() { return *runner_; }

  // Only answers and keeps runs: for what is no check of its own. The judge must outlive
  // it.
  void attach(StateRunner& judge);

  // Tells `known` of the stored runs of this space.
  Status teach(const std::shared_ptr<const StateSpace>& space, KnownStates& known);

  void windows(const std::vector<Window>& windows);

  // A window and its classes are in the file as soon as it is decided.
  Status end_window(const DecidedWindow& decided) {
    return store_->end_window(id_, decided);
  }

  // A check that was interrupted did not end: it can be resumed. `decided`: it left
  // nothing open, so that the same question need not be asked again.
  void end(int exit_code, const Certificate& certificate, bool decided,
           const std::string& json, const std::string& text);

  // A line for the report: how many runs were answered from the file.
  std::string text() const;

 private:
  CheckResults() = default;

  std::string path_;
  std::unique_ptr<ResultStore> store_;
  SubjectId subject_ = 0;
  SessionStart start_;
  SessionId id_ = 0;
  std::optional<StoredTree> tree_;
  std::optional<StoredRunner> runner_;
};

}  // namespace powercut
