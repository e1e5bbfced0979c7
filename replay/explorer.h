// SPDX-License-Identifier: GPL-2.0-only
//
// Decides all permitted states of a recording's windows with as few checker runs as the
// checker's own footprints allow.
//
// The work list holds (node of the decision tree, set of states that reach it). Taking
// an item, the explorer follows the tree; where the set disagrees about the content of
// the unit asked, it divides, follows one part and puts the others on the list. At a
// missing node one state of the set is run, and its footprint becomes the path from
// there to a new leaf. A leaf closes the whole set, and the sizes of the closed sets of a
// window sum to its permitted states, or the certificate is refused.
//
// Further probes hang from the leaves of the base: a leaf knows which probes its states
// have, and each of them has a tree of its own there. A set that the base closes is given
// to the probes of the leaf, each of which divides it by what it alone read, so that the
// classes of probes add. Every run serves all probes of its leaf.
//
// Best first: sets whose nearest extreme ("all pending writes kept", "none kept") is
// closest come first: all, none, each single write missing, each alone, pairs; then the
// rest in an order drawn from the seed.
//
// Deterministic: run k is chosen from what runs 0 to k - 32 found, whatever the number
// of jobs and their timing, so the same seed makes the same runs and the same findings.

#pragma once

#include "base/result.h"
#include "replay/branching.h"
#include "replay/certificate.h"
#include "replay/content_table.h"
#include "replay/decided_window.h"
#include "replay/decision_tree.h"
#include "replay/oracle.h"
#include "replay/run_pool.h"
#include "replay/window.h"

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <unordered_map>
#include <vector>

namespace powercut {

struct Progress {
  std::size_t windows = 0;
  std::size_t windows_decided = 0;
  std::uint64_t runs = 0;
  std::size_t findings = 0;
  std::size_t open_sets = 0;
  double seconds = 0;
  double share_decided = 0;  // of the permitted states of the windows opened so far
};

struct ExplorerOptions {
  // Judges what the probes saw, at the stage of each window; null: nothing is asked of
  // it. It must outlive the exploration.
  const Oracle* oracle = nullptr;
  std::size_t jobs = 1;
  std::uint64_t max_runs = 0;    // 0: no bound
  double time_seconds = 0;       // 0: no bound
  std::uint64_t stop_after = 0;  // failing classes; 0: no bound
  double audit_share = 0;        // of the closed sets, 0 to 1
  std::uint64_t seed = 1;
  // Called from explore() now and then.
  std::function<void(const Progress&)> on_progress;
  OnDecidedWindow on_window;  // may be empty
  // Polled; true ends the exploration with EndOfRun::kInterrupted.
  std::function<bool()> interrupted;
};

// Keeps its decision trees from one explore() to the next: a second model of the same
// recording (barrier mutation) runs only what is new. Not thread-safe.
class Explorer {
 public:
  // The runner must outlive the explorer.
  Explorer(std::shared_ptr<const Recording> recording, StateRunner& runner,
           ExplorerOptions options);
  ~Explorer();

  // Decides the windows under `durability`'s model. An Error: the runner failed, an audit
  // or the sum of classes disagreed, a window cannot be enumerated.
  Result<Certificate> explore(std::shared_ptr<const Durability> durability,
                              const std::vector<Window>& windows);

 private:
  class Run;

  using TreeId = std::size_t;

  static constexpr TreeId kBase = 0;

  // A further probe of the states of a leaf of the base.
  struct Probe {
    std::string name;
    TreeId tree = 0;
  };

  struct Leaf {
    Verdict verdict;
    TreeId tree = kBase;
    std::vector<Probe> probes;  // of a leaf of the base
  };

  struct Tree {
    DecisionTree tree;
    std::string name;  // of the probe
    LeafId base = 0;   // the leaf that it hangs from, if it is not kBase
  };

  std::shared_ptr<const Recording> recording_;
  StateRunner& runner_;
  ExplorerOptions options_;
  ContentTable contents_;
  std::uint32_t unit_bytes_ = 0;  // of all explore() calls; fixed by the first
  std::deque<Tree> trees_;        // kBase, then those of probes
  std::deque<Leaf> leaves_;
};

}  // namespace powercut
