// SPDX-License-Identifier: GPL-2.0-only

#include "replay/exploration.h"

#include "base/ensure.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

Explorer::Run::Run(Explorer& explorer, std::shared_ptr<const Durability> durability,
                   const std::vector<Window>& windows)
    : explorer_(explorer),
      durability_(std::move(durability)),
      random_(explorer.options_.seed),
      begin_(std::chrono::steady_clock::now()),
      last_progress_(begin_),
      pool_(explorer.runner_, explorer.options_.jobs) {
  windows_.resize(windows.size());
  for (std::size_t i = 0; i < windows.size(); ++i) {
    WindowState& window = windows_[i];
    window.window = windows[i];
    push(i, kBase, DecisionTree::kRoot, kNoSet, 0);
  }
  certificate_.windows = windows.size();
  certificate_.audit_share = explorer_.options_.audit_share;
}

double Explorer::Run::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

void Explorer::Run::push(std::size_t window, TreeId tree, NodeId node, std::uint32_t set,
                         std::uint32_t rank) {
  constexpr std::uint32_t kRandomRank = 3;
  Item item;
  item.rank = std::min(rank, kRandomRank);
  item.order = item.rank < kRandomRank ? next_order_++ : random_.next();
  item.window = window;
  item.tree = tree;
  item.node = node;
  item.set = set;
  ++windows_[window].open;
  queue_.push(item);
}

Status Explorer::Run::open_window(WindowState& window) {
  if (window.space == nullptr) {
    PC_ASSIGN_OR_RETURN(window.space, StateSpace::build(explorer_.recording_, durability_,
                                                        window.window.cut));
    window.set = std::make_unique<StateSet>(*window.space);
    if (!window.counted) {
      window.counted = true;
      window.permitted = window.space->state_count();
      window.tallies[kBase].given = window.permitted;
      certificate_.states_permitted += window.permitted;
      certificate_.most_pending =
          std::max(certificate_.most_pending, window.space->variable_count());
    }
  }
  if (window.contents == nullptr) {
    trim_caches(kCachedWindows);
    window.contents = std::make_unique<SpaceContents>(*window.space, explorer_.contents_);
    cached_.push_back(static_cast<std::size_t>(&window - windows_.data()));
  }
  return {};
}

// Bounds the memory of resolved units: a window that is left and comes back later
// resolves its units again.
void Explorer::Run::trim_caches(std::size_t keep) {
  for (std::size_t tries = cached_.size(); tries > 0 && cached_.size() > keep; --tries) {
    std::size_t index = cached_.front();
    cached_.pop_front();
    WindowState& window = windows_[index];
    if (window.running > 0) {
      cached_.push_back(index);
    } else if (window.contents != nullptr) {
      window.contents.reset();
      window.space->trim();
    }
  }
}

Status Explorer::Run::close_window(WindowState& window) {
  ++certificate_.windows_decided;
  PC_ASSIGN_OR_RETURN(const BigCount decided, conclude_window(window, {}));
  PC_RETURN_IF_ERROR(tell_window(window, decided));
  window.contents.reset();
  window.set.reset();
  window.links.clear();
  window.leaves.clear();
  window.space.reset();
  return {};
}

bool Explorer::Run::may_start() {
  if (stopping_) {
    return false;
  }
  const ExplorerOptions& options = explorer_.options_;
  if (options.max_runs != 0 && certificate_.runs >= options.max_runs) {
    certificate_.end = EndOfRun::kMaxRuns;
    stopping_ = true;
  } else if (options.time_seconds > 0 && seconds() >= options.time_seconds) {
    certificate_.end = EndOfRun::kTime;
    stopping_ = true;
  } else if (options.stop_after != 0 &&
             certificate_.findings.size() >= options.stop_after) {
    certificate_.end = EndOfRun::kStopAfter;
    stopping_ = true;
  } else if (certificate_.inconclusive >= kMostInconclusive) {
    certificate_.end = EndOfRun::kInconclusive;
    stopping_ = true;
  } else if (options.interrupted && options.interrupted()) {
    certificate_.end = EndOfRun::kInterrupted;
    stopping_ = true;
  }
  return !stopping_;
}

Result<Certificate> Explorer::Run::go() {
  while (true) {
    if (under_way_.size() < kLookahead && !queue_.empty() && may_start()) {
      Item item = queue_.top();
      queue_.pop();
      PC_RETURN_IF_ERROR(process(item));
      continue;
    }
    if (under_way_.empty()) {
      break;
    }
    PC_RETURN_IF_ERROR(take_oldest());
    report_progress(false);
  }
  PC_RETURN_IF_ERROR(conclude());
  report_progress(true);
  return std::move(certificate_);
}

void Explorer::Run::load_set(WindowState& window, std::uint32_t set) {
  window.set->clear();
  std::vector<std::uint32_t> chain;
  for (std::uint32_t at = set; at != kNoSet; at = window.links[at].parent) {
    chain.push_back(at);
  }
  for (std::size_t i = chain.size(); i-- > 0;) {
    window.set->narrow(window.links[chain[i]].constraint);
  }
}

// Follows the steps of one node while the set agrees with them. Returns the node to go
// on with, or the same node if all steps agree.
NodeId Explorer::Run::follow_steps(WindowState& window, Item& item, NodeId at) {
  DecisionTree& tree = explorer_.trees_[item.tree].tree;
  const DecisionTree::Node& node = tree.node(at);
  for (std::uint32_t i = 0; i < node.step_count; ++i) {
    const DecisionTree::Step step = tree.step(node, i);
    ContentId content = 0;
    const UnitContents* contents = nullptr;
    if (window.contents->forced(step.unit, content, contents)) {
      if (content != step.content) {
        tree.split(at, i);
        return tree.child(at, content);
      }
      continue;
    }
    std::vector<Cube> cubes =
        divide(*window.space, *window.contents, step.unit, *contents, *window.set);
    if (cubes.size() != 1 || cubes[0].content != step.content) {
      tree.split(at, i);
      return divide_at(window, item, at, step.unit, *contents, item.set);
    }
  }
  return at;
}

Status Explorer::Run::process(const Item& taken) {
  WindowState& window = windows_[taken.window];
  PC_RETURN_IF_ERROR(open_window(window));
  DecisionTree& tree = explorer_.trees_[taken.tree].tree;
  Item item = taken;
  load_set(window, item.set);
  NodeId at = item.node;
  while (true) {
    NodeId next = follow_steps(window, item, at);
    if (next != at) {
      at = next;
      continue;
    }
    const DecisionTree::Node& node = tree.node(at);
    if (node.end == DecisionTree::End::kLeaf) {
      item.node = at;
      return close_set(window, item, node.leaf);
    }
    if (node.end == DecisionTree::End::kMissing) {
      item.node = at;
      run_or_park(window, item);
      return {};
    }
    ContentId content = 0;
    const UnitContents* contents = nullptr;
    UnitKey unit = node.unit;
    at = window.contents->forced(unit, content, contents)
             ? tree.child(at, content)
             : divide_at(window, item, at, unit, *contents, item.set);
  }
}

// One run decides for all items that come to the same missing node of the base; and one
// serves all probes of a leaf of the base, so the others wait for what it says of them.
std::pair<Explorer::TreeId, NodeId> Explorer::Run::waits_for(const Item& item) const {
  constexpr TreeId kProbes = ~TreeId{0};
  return item.tree == kBase
             ? std::pair<TreeId, NodeId>(kBase, item.node)
             : std::pair<TreeId, NodeId>(kProbes, explorer_.trees_[item.tree].base);
}

// At a missing node.
void Explorer::Run::run_or_park(WindowState& window, Item& item) {
  if (!may_start()) {
    item.order = next_order_++;
    queue_.push(item);  // stays open, and is counted as left
    return;
  }
  auto [parked, first] = waiting_.try_emplace(waits_for(item));
  if (!first) {
    parked->second.push_back(item);
    return;
  }
  // The run before had the probes' units as they are at one extreme: now the other, which
  // shows all of them at once another content.
  const bool most = item.tree == kBase ? window.set->kept_nearest()
                                       : !last_most_[explorer_.trees_[item.tree].base];
  dispatch(window, item, false, CrashState{window.space, window.set->member(most)}, 0,
           most);
}

NodeId Explorer::Run::divide_at(WindowState& window, const Item& item, NodeId node,
                                UnitKey unit, const UnitContents& contents,
                                std::uint32_t& set) {
  DecisionTree& tree = explorer_.trees_[item.tree].tree;
  StateSet& states = *window.set;
  std::vector<Cube> cubes =
      divide(*window.space, *window.contents, unit, contents, states);
  // Go on with a part whose child is known; it costs no run.
  std::size_t follow = 0;
  std::vector<NodeId> children;
  for (std::size_t i = 0; i < cubes.size(); ++i) {
    children.push_back(tree.child(node, cubes[i].content));
    if (tree.node(children[i]).end != DecisionTree::End::kMissing &&
        tree.node(children[follow]).end == DecisionTree::End::kMissing) {
      follow = i;
    }
  }
  std::uint32_t before = set;
  for (std::size_t i = 0; i < cubes.size(); ++i) {
    std::uint32_t part = before;
    // Rank of the part: exceptions it has from either extreme.
    std::uint32_t lost = states.lost();
    std::uint32_t kept = states.kept();
    for (const Constraint& constraint : cubes[i].constraints) {
      const OptionSet& had = states.allowed(constraint.variable);
      std::uint32_t most = window.space->most(constraint.variable);
      std::uint32_t least = window.space->least(constraint.variable);
      lost += had.has(most) && !constraint.allowed.has(most) ? 1 : 0;
      kept += had.has(least) && !constraint.allowed.has(least) ? 1 : 0;
      window.links.push_back(Link{part, constraint});
      part = static_cast<std::uint32_t>(window.links.size() - 1);
    }
    if (i == follow) {
      set = part;
    } else {
      push(item.window, item.tree, children[i], part, std::min(lost, kept));
    }
  }
  for (const Constraint& constraint : cubes[follow].constraints) {
    states.narrow(constraint);
  }
  return children[follow];
}

Result<const Verdict*> Explorer::Run::judged(TreeId tree, LeafId leaf,
                                             std::size_t stage) {
  const Verdict& own = explorer_.leaves_[leaf].verdict;
  if (explorer_.options_.oracle == nullptr) {
    return &own;
  }
  const auto known = judged_.find({leaf, stage});
  if (known != judged_.end()) {
    return &known->second;
  }
  const LeafId base = tree == kBase ? leaf : explorer_.trees_[tree].base;
  PC_ASSIGN_OR_RETURN(Verdict verdict, judge_stage(*explorer_.options_.oracle, stage,
                                                   explorer_.leaves_[base].verdict,
                                                   tree == kBase ? nullptr : &own));
  return &judged_.emplace(std::pair(leaf, stage), std::move(verdict)).first->second;
}

Status Explorer::Run::close_set(WindowState& window, const Item& item, LeafId leaf) {
  PC_ASSIGN_OR_RETURN(const Verdict* const told,
                      judged(item.tree, leaf, window.window.stage));
  const Verdict& verdict = *told;
  BigCount size = window.set->count();
  const auto [closed, first] = window.leaves.try_emplace(leaf, 0);
  closed->second += size;
  if (first) {
    ++(item.tree == kBase ? certificate_.classes : certificate_.probe_classes);
    if (verdict.kind == Verdict::Kind::kInconclusive) {
      ++certificate_.inconclusive;
      certificate_.inconclusive_reasons.push_back(verdict.reason);
    }
  }
  Tally& tally = window.tallies[item.tree];
  if (verdict.kind == Verdict::Kind::kInconclusive) {
    tally.undecidable += size;
  } else {
    tally.decided += size;
    if (item.tree == kBase) {
      decided_ += size;
    }
    if (verdict.kind == Verdict::Kind::kFindings) {
      add_finding(window, item, leaf, verdict, size);
    }
  }
  for (const Probe& probe : explorer_.leaves_[leaf].probes) {
    window.tallies[probe.tree].given += size;
    push(item.window, probe.tree, DecisionTree::kRoot, item.set, item.rank);
  }
  if (item.tree == kBase && verdict.kind != Verdict::Kind::kInconclusive && !stopping_ &&
      explorer_.options_.audit_share > 0 &&
      random_.unit() < explorer_.options_.audit_share) {
    CrashState state{window.space, window.set->random_member(random_)};
    dispatch(window, item, true, std::move(state), leaf, true);
    return {};  // the item stays open until its audit is back
  }
  return --window.open == 0 ? close_window(window) : Status{};
}

void Explorer::Run::dispatch(WindowState& window, Item item, bool audit, CrashState state,
                             LeafId leaf, bool most) {
  Ticket ticket{next_ticket_++, audit, item, state, leaf, most};
  certificate_.runs += audit ? 0 : 1;
  ++window.running;
  pool_.start(ticket.number, std::move(state));
  under_way_.push_back(std::move(ticket));
}

}  // namespace powercut
