// SPDX-License-Identifier: GPL-2.0-only
//
// What an exploration proved, in numbers: states permitted, states decided, how, and
// what was left out. "Every permitted state is clean" and "clean as far as the budget
// went" are different certificates.

#pragma once

#include "base/big_count.h"
#include "replay/verdict.h"
#include "replay/window.h"

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
  BigCount states = 0;  // how many permitted states fail the same way
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

struct Certificate {
  std::size_t windows = 0;
  std::size_t windows_decided = 0;
  std::size_t most_pending = 0;  // variables of the largest window
  BigCount states_permitted = 0;
  BigCount states_decided = 0;
  // (window, leaf) pairs: in each window, the states that a checker cannot tell apart.
  std::uint64_t classes = 0;
  std::uint64_t runs = 0;       // checker runs that made a class
  std::uint64_t memo_hits = 0;  // classes that an earlier run had already decided
  std::uint64_t audited = 0;    // states of closed classes run for real, all in agreement
  std::uint64_t inconclusive = 0;  // classes on which the checker could not judge
  std::vector<std::string> inconclusive_reasons;
  std::vector<FailingClass> findings;
  EndOfRun end = EndOfRun::kDecided;
  double seconds = 0;
  double audit_share = 0;

  // Every permitted state was decided.
  bool complete() const {
    return states_decided == states_permitted && inconclusive == 0;
  }
};

}  // namespace powercut
