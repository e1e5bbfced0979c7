// SPDX-License-Identifier: GPL-2.0-only
//
// Every permitted state of a window, one after the other: what the decision tree spares
// us, and what it must agree with.

#pragma once

#include "replay/crash_state.h"
#include "replay/explorer.h"
#include "replay/state_runner.h"
#include "tests/support/history.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace powercut::test {

std::shared_ptr<const Recording> recorded(const History& history);

// Aborts the test on an Error.
std::shared_ptr<const Durability> durability(const Recording& recording,
                                             const CrashModel& model);
std::shared_ptr<const StateSpace> space_at(std::shared_ptr<const Recording> recording,
                                           const CrashModel& model, Cut cut);

// Calls `visit` with each choice of options.
void for_each_state(const std::shared_ptr<const StateSpace>& space,
                    const std::function<void(const CrashState&)>& visit);

// What a state holds, read through its views: one letter a sector, devices told apart by
// '|'. The bytes must be those of a history's writes.
std::string letters_of(const CrashState& state);

// The contents of all permitted states at a cut.
std::set<std::string> states_at(const std::shared_ptr<const Recording>& recording,
                                const CrashModel& model, Cut cut);
std::set<std::string> states_at(const History& history, const CrashModel& model, Cut cut);

// Stands between the explorer and a runner, and keeps what each run read and said.
class RunBook final : public StateRunner {
 public:
  explicit RunBook(StateRunner& runner) : runner_(runner) {}

  std::string checker_name() const override { return runner_.checker_name(); }

  Result<RunOutcome> run(std::size_t worker, const CrashState& state) override;

  // What the runs with whose footprints a state agrees said of a probe; empty if it
  // agrees with none, several entries if they contradict each other.
  std::set<std::string> verdicts_of(const CrashState& state, std::size_t probe) const;

  std::size_t run_count() const { return ids_.size(); }

  // Of the runs so far, sorted.
  std::vector<std::string> ids() const;

  void forget() { ids_.clear(); }

 private:
  struct Entry {
    std::size_t probe;
    std::vector<std::pair<UnitKey, std::string>> footprint;
    std::string verdict;
  };

  StateRunner& runner_;
  std::mutex mutex_;
  std::vector<Entry> entries_;
  std::vector<std::string> ids_;
};

// "clean", or the keys of its findings.
std::string verdict_text(const Verdict& verdict);

struct BruteForce {
  std::uint64_t states = 0;
  // By probe and verdict_text(): how many states.
  std::map<std::pair<std::size_t, std::string>, std::uint64_t> verdicts;
  // Sentences: states that a run book has no verdict for, or another one.
  std::vector<std::string> disagreements;
};

// Runs every state of a window for real. With a book, compares each verdict with what
// the runs in the book say of the state.
BruteForce brute_force(const std::shared_ptr<const StateSpace>& space,
                       StateRunner& runner, const RunBook* book);

// The same counts from a certificate of that one window: the failing ones, and "clean"
// with what is left of the decided states. For checkers with one probe.
std::map<std::pair<std::size_t, std::string>, std::uint64_t> verdicts_of(
    const Certificate& certificate);

}  // namespace powercut::test
