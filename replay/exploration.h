// SPDX-License-Identifier: GPL-2.0-only
//
// One explore() call at work: the work list, the windows, the runs under way. Internal
// to replay/.

#pragma once

#include "replay/explorer.h"

#include <chrono>

namespace powercut {

class Explorer::Run {
 public:
  Run(Explorer& explorer, std::shared_ptr<const Durability> durability,
      const std::vector<Window>& windows);

  Result<Certificate> go();

 private:
  static constexpr std::size_t kLookahead = 32;
  static constexpr std::size_t kCachedWindows = 64;
  // A checker that hangs on so many classes hangs on all: each costs its whole time-out.
  static constexpr std::uint64_t kMostInconclusive = 16;
  static constexpr std::uint32_t kNoSet = ~std::uint32_t{0};

  // A set of states as a chain of constraints; chains share their beginnings.
  struct Link {
    std::uint32_t parent = kNoSet;
    Constraint constraint;
  };

  struct Item {
    std::uint32_t rank = 0;   // distance to the nearest extreme, at most 3
    std::uint64_t order = 0;  // among equals
    std::size_t window = 0;
    TreeId tree = kBase;
    NodeId node = DecisionTree::kRoot;
    std::uint32_t set = kNoSet;  // index into the window's links

    bool operator<(const Item& other) const {  // for a max-heap: better is greater
      return rank != other.rank ? rank > other.rank : order > other.order;
    }
  };

  // States of a window that came to a tree, and what became of them.
  struct Tally {
    BigCount given = 0;
    BigCount decided = 0;
    BigCount undecidable = 0;
  };

  struct WindowState {
    Window window;
    std::shared_ptr<const StateSpace> space;
    std::unique_ptr<SpaceContents> contents;
    std::unique_ptr<StateSet> set;
    std::deque<Link> links;
    std::map<TreeId, Tally> tallies;
    BigCount permitted = 0;
    std::map<LeafId, BigCount> leaves;  // how many states each closed
    std::uint64_t open = 0;             // items on the list, waiting or being run
    std::uint64_t running = 0;
    bool counted = false;
    bool told = false;  // to on_window
  };

  struct Ticket {
    std::uint64_t number = 0;
    bool audit = false;
    Item item;
    CrashState state;
    LeafId leaf = 0;   // of an audit
    bool most = true;  // free variables are kept in the state
  };

  Status open_window(WindowState& window);
  // The last of its items is done.
  Status close_window(WindowState& window);
  // Tells on_window what became of it; `decided` of its states are.
  Status tell_window(WindowState& window, const BigCount& decided);
  void trim_caches(std::size_t keep);
  void push(std::size_t window, TreeId tree, NodeId node, std::uint32_t set,
            std::uint32_t rank);
  // Makes the window's set the one that the chain of constraints ending at `set` says.
  void load_set(WindowState& window, std::uint32_t set);
  NodeId follow_steps(WindowState& window, Item& item, NodeId at);
  void run_or_park(WindowState& window, Item& item);
  // Follows the tree with one item until it is closed, dispatched or parked.
  Status process(const Item& taken);
  // Divides the current set by `unit` at branch `node`; queues all parts but one and
  // returns the child for that one.
  NodeId divide_at(WindowState& window, const Item& item, NodeId node, UnitKey unit,
                   const UnitContents& contents, std::uint32_t& set);
  Status close_set(WindowState& window, const Item& item, LeafId leaf);
  // The leaf's verdict in a window of this stage: what the oracle says included.
  Result<const Verdict*> judged(TreeId tree, LeafId leaf, std::size_t stage);
  void dispatch(WindowState& window, Item item, bool audit, CrashState state, LeafId leaf,
                bool most);
  // What the items wait for that come to a missing node while a run is under way that
  // will tell them more.
  std::pair<TreeId, NodeId> waits_for(const Item& item) const;
  Status take_oldest();
  // The run ended because the user interrupted us, not by itself.
  bool cut_off(const RunOutcome& outcome) const;
  Status take_run(const Ticket& ticket, const RunOutcome& outcome);
  Status take_audit(const Ticket& ticket, const RunOutcome& outcome);
  LeafId add_leaf(const Ticket& ticket, TreeId tree, Verdict verdict);
  // Follows a tree from `at` with the very state that was run; its leaf, and if there is
  // none yet, a new one with the footprint as the path to it.
  LeafId lay_along(TreeId tree, NodeId at, const Ticket& ticket,
                   const ProbeOutcome& outcome);
  // The same for all trees that the run has something to say about. An Error: the run
  // contradicts an earlier one.
  Status lay_outcome(const Ticket& ticket, const RunOutcome& outcome);
  std::string first_state_text(LeafId leaf) const;
  Status check_same(const Ticket& ticket, LeafId leaf, const Verdict& got) const;
  Result<BigCount> conclude_window(const WindowState& window,
                                   const std::map<TreeId, BigCount>& left) const;
  void add_finding(const WindowState& window, const Item& item, LeafId leaf,
                   const Verdict& verdict, const BigCount& states);
  bool may_start();
  Status conclude();
  void report_progress(bool now);
  double seconds() const;

  Explorer& explorer_;
  std::shared_ptr<const Durability> durability_;
  std::vector<WindowState> windows_;
  std::priority_queue<Item> queue_;
  std::map<std::pair<TreeId, NodeId>, std::vector<Item>> waiting_;
  std::deque<Ticket> under_way_;
  std::deque<std::size_t> cached_;    // windows with contents, oldest first
  std::map<LeafId, bool> last_most_;  // of the last run of a leaf of the base
  std::set<LeafId> base_leaves_;      // new in this exploration
  std::map<LeafId, CrashState> first_states_;
  std::map<std::pair<LeafId, std::size_t>, Verdict> judged_;  // by leaf and stage
  // Places in the certificate, by leaf and by what is found of it.
  std::map<std::pair<LeafId, std::string>, std::size_t> finding_of_leaf_;
  std::map<LeafId, Window> leaf_window_;
  Certificate certificate_;
  BigCount decided_ = 0;  // by the base, for progress
  Random random_;
  std::uint64_t next_order_ = 0;
  std::uint64_t next_ticket_ = 0;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point last_progress_;
  RunPool pool_;
};

}  // namespace powercut
