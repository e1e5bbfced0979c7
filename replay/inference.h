// SPDX-License-Identifier: GPL-2.0-only
//
// The inferred tier: for checkers that read much more than they use (a kernel's recovery
// reads ahead), whose footprints would make a class of nearly every state. What they
// answer is simple all the same, "before or after the transaction". So a window's answers
// are learned, and the guess is tried:
//
//   1. run the states with all pending writes, with none, with each missing, each alone;
//   2. make rules of them, "without 412 the answer is B", and where several rules apply
//      find out which wins; reduce what the rules do not explain by delta debugging,
//      until they explain all that was run;
//   3. run random states, uniform over the permitted ones, and pairs of missing writes,
//      until as many in a row answered as predicted as the confidence asks for. One that
//      does not is reduced to a new rule, and the row begins anew.
//
// The result is a statement with a confidence, never a proof, and is kept apart from what
// footprints prove. Windows with few states are run wholly.

#pragma once

#include "base/result.h"
#include "replay/certificate.h"
#include "replay/explorer.h"
#include "replay/outcome_model.h"
#include "replay/run_pool.h"
#include "replay/window.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

struct InferenceOptions {
  double share = 0.01;       // of a window's states that may differ from the prediction
  double confidence = 0.95;  // that no more do
};

// How many random states must agree in a row: ln(1 - confidence) / ln(1 - share).
std::uint64_t agreeing_runs(const InferenceOptions& options);

// Used by one thread. The runner must outlive it.
class Inference {
 public:
  Inference(std::shared_ptr<const Recording> recording, StateRunner& runner,
            ExplorerOptions options, InferenceOptions inference);

  // Certificate::inferred has an entry for each window that was begun; states_decided
  // stays 0. An Error: the runner failed, or a window cannot be enumerated.
  Result<Certificate> infer(const std::shared_ptr<const Durability>& durability,
                            const std::vector<Window>& windows);

 private:
  class WindowWork;

  // What a run said, as one number for equal answers.
  OutcomeId outcome_of(const RunOutcome& outcome, const CrashState& state,
                       const Window& window, const Durability& durability);
  // What the oracle says of it included.
  Status judge(RunOutcome& outcome, std::size_t stage) const;
  // Tells on_window what became of a window, of which `work` is null if it was not begun.
  Status tell_window(const Window& window, const BigCount& permitted,
                     const InferredWindow* work) const;
  bool may_go_on();
  void report_progress(const InferredWindow& window);
  double seconds() const;

  std::shared_ptr<const Recording> recording_;
  StateRunner& runner_;
  ExplorerOptions options_;
  InferenceOptions inference_;
  Certificate certificate_;
  std::unique_ptr<RunPool> pool_;
  std::uint64_t next_ticket_ = 0;
  std::map<std::string, OutcomeId> outcomes_;               // by what was said
  std::map<OutcomeId, std::vector<std::size_t>> findings_;  // places in the certificate
  std::vector<bool> conclusive_;                            // by outcome
  std::map<OutcomeId, StateClass> classes_;                 // of the window at work
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace powercut
