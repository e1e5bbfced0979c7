// SPDX-License-Identifier: GPL-2.0-only
//
// What an exploration proved, in numbers: states permitted, states decided, how, and
// what was left out. "Every permitted state is clean" and "clean as far as the budget
// went" are different certificates.

#pragma once

#include "base/big_count.h"
#include "replay/crash_state.h"
#include "replay/verdict.h"
#include "replay/window.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

// All states that one failing leaf of the decision tree stands for.
struct FailingClass {
  std::string state_id;  // the first state that was seen to fail
  Window window;         // its window
  std::string checker;
  std::string probe;
  std::string fault;  // "none", or the fault the state needs
  Verdict verdict;
  std::vector<std::string> lost;  // of the first state: lost_writes()
  // If it was explained: what is to blame (ExplainedState::cause in scenarios/explain.h).
  std::string cause;
  // How many permitted states fail the same way; of the inferred tier, how many of those
  // that were run.
  BigCount states = 0;
  std::vector<std::size_t> windows;
};

enum class EndOfRun {
  kDecided,
  kMaxRuns,
  kTime,
  kStopAfter,
  kInterrupted,
  kInconclusive,  // the checker could not judge one class after the other
};

// What is said of a window whose states were not decided by footprints:
// replay/inference.h.
struct InferredWindow {
  Window window;
  std::size_t pending = 0;  // writes that can be missing
  BigCount permitted = 0;
  std::uint64_t runs = 0;         // of chosen states, at most 40 + 3 * pending
  std::uint64_t random_runs = 0;  // of random ones
  std::size_t outcomes = 0;       // different answers that were seen
  // Sequence numbers of the writes that the prediction asks for.
  std::vector<std::uint64_t> deciding_writes;
  // The prediction held: with `confidence`, at most `share` of the permitted states
  // answer otherwise. share 0, confidence 1: every state was run.
  bool inferred = false;
  double share = 0;
  double confidence = 0;
  std::string why_not;  // if not inferred
};

struct Certificate {
  Tier tier = Tier::kProved;
  std::size_t windows = 0;
  std::size_t windows_decided = 0;
  std::size_t most_pending = 0;  // variables of the largest window
  BigCount states_permitted = 0;
  BigCount states_decided = 0;
  // (window, leaf) pairs: in each window, the states that a checker cannot tell apart, by
  // its base alone; and those of its further probes.
  std::uint64_t classes = 0;
  std::uint64_t probe_classes = 0;
  std::uint64_t runs = 0;       // checker runs that made a class
  std::uint64_t memo_hits = 0;  // classes that an earlier run had already decided
  std::uint64_t audited = 0;    // states of closed classes run for real, all in agreement
  std::uint64_t inconclusive = 0;  // classes on which the checker could not judge
  std::vector<std::string> inconclusive_reasons;
  std::vector<FailingClass> findings;
  std::vector<InferredWindow> inferred;  // of Tier::kInferred
  std::vector<CrashState> examples;      // one of each class of the base that was new
  // States of a class each that another recovery looked at, and of those, how many it
  // differed on; what it said is among the findings.
  std::uint64_t cross_checked = 0;
  std::uint64_t cross_differences = 0;
  EndOfRun end = EndOfRun::kDecided;
  double seconds = 0;
  double audit_share = 0;

  // Every permitted state was decided, by proof.
  bool complete() const {
    return states_decided == states_permitted && inconclusive == 0;
  }

  // Every window was inferred.
  bool inferred_all() const {
    return tier == Tier::kInferred && inconclusive == 0 && inferred.size() == windows &&
           std::all_of(inferred.begin(), inferred.end(),
                       [](const InferredWindow& window) { return window.inferred; });
  }
};

}  // namespace powercut
