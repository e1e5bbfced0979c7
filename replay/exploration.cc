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
  std::size_t probes = explorer_.trees_.size();
  windows_.resize(windows.size());
  for (std::size_t i = 0; i < windows.size(); ++i) {
    WindowState& window = windows_[i];
    window.window = windows[i];
    window.decided.resize(probes);
    window.undecidable.resize(probes);
    window.leaves.resize(probes);
    for (std::size_t probe = 0; probe < probes; ++probe) {
      push(i, probe, DecisionTree::kRoot, kNoSet, 0);
    }
  }
  certificate_.windows = windows.size();
  certificate_.audit_share = explorer_.options_.audit_share;
}

double Explorer::Run::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

void Explorer::Run::push(std::size_t window, std::size_t probe, NodeId node,
                         std::uint32_t set, std::uint32_t rank) {
  constexpr std::uint32_t kRandomRank = 3;
  Item item;
  item.rank = std::min(rank, kRandomRank);
  item.order = item.rank < kRandomRank ? next_order_++ : random_.next();
  item.window = window;
  item.probe = probe;
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

void Explorer::Run::close_window(WindowState& window) {
  ++certificate_.windows_decided;
  window.contents.reset();
  window.set.reset();
  window.links.clear();
  window.space.reset();
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

Status Explorer::Run::process(const Item& taken) {
  WindowState& window = windows_[taken.window];
  PC_RETURN_IF_ERROR(open_window(window));
  DecisionTree& tree = *explorer_.trees_[taken.probe];
  Item item = taken;
  StateSet& states = *window.set;
  states.clear();
  std::vector<std::uint32_t> chain;
  for (std::uint32_t at = item.set; at != kNoSet; at = window.links[at].parent) {
    chain.push_back(at);
  }
  for (std::size_t i = chain.size(); i-- > 0;) {
    states.narrow(window.links[chain[i]].constraint);
  }
  NodeId at = item.node;
  while (true) {
    const DecisionTree::Node& node = tree.node(at);
    bool moved = false;
    for (std::uint32_t i = 0; i < node.step_count && !moved; ++i) {
      const DecisionTree::Step step = tree.step(node, i);
      ContentId content = 0;
      const UnitContents* contents = nullptr;
      if (window.contents->forced(step.unit, content, contents)) {
        if (content == step.content) {
          continue;
        }
        tree.split(at, i);
        at = tree.child(at, content);
        moved = true;
        break;
      }
      std::vector<Cube> cubes =
          divide(*window.space, *window.contents, step.unit, *contents, states);
      if (cubes.size() == 1 && cubes[0].content == step.content) {
        continue;  // narrowed before, or all agree
      }
      tree.split(at, i);
      at = divide_at(window, item, at, step.unit, *contents, item.set);
      moved = true;
    }
    if (moved) {
      continue;
    }
    if (node.end == DecisionTree::End::kBranch) {
      ContentId content = 0;
      const UnitContents* contents = nullptr;
      UnitKey unit = node.unit;
      at = window.contents->forced(unit, content, contents)
               ? tree.child(at, content)
               : divide_at(window, item, at, unit, *contents, item.set);
      continue;
    }
    item.node = at;
    if (node.end == DecisionTree::End::kLeaf) {
      close_set(window, item, node.leaf);
      return {};
    }
    auto parked = waiting_.find({item.probe, at});
    if (!may_start()) {
      item.order = next_order_++;
      queue_.push(item);  // stays open, and is counted as left
    } else if (parked != waiting_.end()) {
      parked->second.push_back(item);
    } else {
      waiting_[{item.probe, at}] = {};
      dispatch(window, item, false, CrashState{window.space, states.nearest_extreme()},
               0);
    }
    return {};
  }
}

NodeId Explorer::Run::divide_at(WindowState& window, const Item& item, NodeId node,
                                UnitKey unit, const UnitContents& contents,
                                std::uint32_t& set) {
  DecisionTree& tree = *explorer_.trees_[item.probe];
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
      push(item.window, item.probe, children[i], part, std::min(lost, kept));
    }
  }
  for (const Constraint& constraint : cubes[follow].constraints) {
    states.narrow(constraint);
  }
  return children[follow];
}

void Explorer::Run::close_set(WindowState& window, const Item& item, LeafId leaf) {
  const Verdict& verdict = explorer_.leaves_[leaf].verdict;
  BigCount size = window.set->count();
  if (window.leaves[item.probe].insert(leaf).second) {
    ++certificate_.classes;
    if (verdict.kind == Verdict::Kind::kInconclusive) {
      ++certificate_.inconclusive;
      certificate_.inconclusive_reasons.push_back(verdict.reason);
    }
  }
  if (verdict.kind == Verdict::Kind::kInconclusive) {
    window.undecidable[item.probe] += size;
  } else {
    window.decided[item.probe] += size;
    if (item.probe == 0) {
      decided_ += size;
    }
    if (verdict.kind == Verdict::Kind::kFindings) {
      add_finding(window, item, leaf, size);
    }
    if (!stopping_ && explorer_.options_.audit_share > 0 &&
        random_.unit() < explorer_.options_.audit_share) {
      CrashState state{window.space, window.set->random_member(random_)};
      dispatch(window, item, true, std::move(state), leaf);
      return;  // the item stays open until its audit is back
    }
  }
  if (--window.open == 0) {
    close_window(window);
  }
}

void Explorer::Run::dispatch(WindowState& window, Item item, bool audit, CrashState state,
                             LeafId leaf) {
  Ticket ticket{next_ticket_++, audit, item, state, leaf};
  certificate_.runs += audit ? 0 : 1;
  ++window.running;
  pool_.start(ticket.number, std::move(state));
  under_way_.push_back(std::move(ticket));
}

Status Explorer::Run::take_oldest() {
  Ticket ticket = std::move(under_way_.front());
  under_way_.pop_front();
  PC_ASSIGN_OR_RETURN(RunOutcome outcome, pool_.wait(ticket.number));
  PC_ENSURE(outcome.probes.size() == explorer_.trees_.size(),
            "a runner gives an outcome for each of its probes");
  WindowState& window = windows_[ticket.item.window];
  --window.running;
  if (!ticket.audit) {
    return take_run(ticket, std::move(outcome));
  }
  PC_RETURN_IF_ERROR(take_audit(ticket, outcome));
  if (--window.open == 0) {
    close_window(window);
  }
  return {};
}

LeafId Explorer::Run::add_leaf(Verdict verdict) {
  explorer_.leaves_.push_back(Leaf{std::move(verdict)});
  return static_cast<LeafId>(explorer_.leaves_.size() - 1);
}

Status Explorer::Run::take_run(Ticket& ticket, RunOutcome outcome) {
  for (std::size_t probe = 0; probe < outcome.probes.size(); ++probe) {
    lay_along(probe, ticket, outcome.probes[probe]);
  }
  // The item, and those that came to the same node meanwhile, go on through the tree.
  auto parked = waiting_.extract({ticket.item.probe, ticket.item.node});
  PC_RETURN_IF_ERROR(process(ticket.item));
  for (const Item& item : parked.mapped()) {
    PC_RETURN_IF_ERROR(process(item));
  }
  return {};
}

// Follows a probe's tree with the very state that was run, and adds its path if the tree
// does not know it yet.
void Explorer::Run::lay_along(std::size_t probe, const Ticket& ticket,
                              const ProbeOutcome& outcome) {
  DecisionTree& tree = *explorer_.trees_[probe];
  WindowState& window = windows_[ticket.item.window];
  if (window.contents == nullptr) {
    trim_caches(kCachedWindows);
    window.contents = std::make_unique<SpaceContents>(*window.space, explorer_.contents_);
    cached_.push_back(ticket.item.window);
  }
  auto content_of = [&](UnitKey unit) {
    return window.contents->content_under(unit, ticket.state.options);
  };
  // The item's own probe begins where the item stands, another at the root.
  NodeId at = probe == ticket.item.probe ? ticket.item.node : DecisionTree::kRoot;
  while (tree.node(at).end != DecisionTree::End::kMissing) {
    const DecisionTree::Node& node = tree.node(at);
    bool moved = false;
    for (std::uint32_t i = 0; i < node.step_count && !moved; ++i) {
      DecisionTree::Step step = tree.step(node, i);
      ContentId content = content_of(step.unit);
      if (content != step.content) {
        tree.split(at, i);
        at = tree.child(at, content);
        moved = true;
      }
    }
    if (moved) {
      continue;
    }
    if (node.end == DecisionTree::End::kLeaf) {
      return;
    }
    at = tree.child(at, content_of(node.unit));
  }
  LeafId leaf = add_leaf(outcome.verdict);
  tree.lay(at, outcome.footprint, leaf, content_of);
  first_states_.emplace(leaf, ticket.state);
  leaf_window_.emplace(leaf, window.window);
}

Status Explorer::Run::take_audit(const Ticket& ticket, const RunOutcome& outcome) {
  const Verdict& expected = explorer_.leaves_[ticket.leaf].verdict;
  const Verdict& got = outcome.probes[ticket.item.probe].verdict;
  if (got.kind == Verdict::Kind::kInconclusive) {
    return {};  // timed out: neither for nor against
  }
  if (!got.same_as(expected)) {
    auto first = first_states_.find(ticket.leaf);
    return fail(
        ErrorKind::kBadInput,
        fmt::format("audit failed: state {} is '{}', but its class was closed as '{}' by "
                    "state {}",
                    ticket.state.id(), got.summary(), expected.summary(),
                    first == first_states_.end() ? "of an earlier exploration"
                                                 : first->second.id()),
        "the checker read something besides the disk (clock, random numbers, other "
        "files), or the harness is wrong: no verdict of this run counts");
  }
  ++certificate_.audited;
  return {};
}

void Explorer::Run::add_finding(const WindowState& window, const Item& item, LeafId leaf,
                                const BigCount& states) {
  auto [it, inserted] = finding_of_leaf_.try_emplace(leaf, certificate_.findings.size());
  if (inserted) {
    FailingClass failing;
    // A leaf of an earlier exploration: this exploration's first state of it.
    auto first = first_states_.find(leaf);
    CrashState state = first != first_states_.end()
                           ? first->second
                           : CrashState{window.space, window.set->nearest_extreme()};
    failing.state_id = state.id();
    failing.window = first != first_states_.end() ? leaf_window_.at(leaf) : window.window;
    failing.checker = explorer_.runner_.checker_name();
    failing.probe = explorer_.runner_.probe_name(item.probe);
    failing.fault = to_string(durability_->model().fault);
    failing.verdict = explorer_.leaves_[leaf].verdict;
    certificate_.findings.push_back(std::move(failing));
  }
  FailingClass& failing = certificate_.findings[it->second];
  failing.states += states;
  if (failing.windows.empty() || failing.windows.back() != window.window.number) {
    failing.windows.push_back(window.window.number);
  }
}

Status Explorer::Run::conclude() {
  // Windows that were never opened still have permitted states.
  for (WindowState& window : windows_) {
    if (!window.counted) {
      PC_RETURN_IF_ERROR(open_window(window));
    }
  }
  // What is still open, by window and probe: with the decided states it must sum to the
  // permitted ones.
  std::vector<std::vector<BigCount>> left(windows_.size(),
                                          std::vector<BigCount>(explorer_.trees_.size()));
  for (; !queue_.empty(); queue_.pop()) {
    const Item& item = queue_.top();
    WindowState& window = windows_[item.window];
    PC_RETURN_IF_ERROR(open_window(window));
    window.set->clear();
    std::vector<std::uint32_t> chain;
    for (std::uint32_t at = item.set; at != kNoSet; at = window.links[at].parent) {
      chain.push_back(at);
    }
    for (std::size_t i = chain.size(); i-- > 0;) {
      window.set->narrow(window.links[chain[i]].constraint);
    }
    left[item.window][item.probe] += window.set->count();
  }
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    const WindowState& window = windows_[i];
    BigCount decided = window.permitted;
    for (std::size_t probe = 0; probe < left[i].size(); ++probe) {
      BigCount sum = window.decided[probe] + window.undecidable[probe] + left[i][probe];
      if (sum != window.permitted) {
        return fail(ErrorKind::kBadInput,
                    fmt::format("certificate refused: the classes of window {} sum to {} "
                                "states, {} are permitted",
                                window.window.number, to_decimal(sum),
                                to_decimal(window.permitted)),
                    "this is a bug of powercut: please report it with the log");
      }
      decided = std::min(decided, window.decided[probe]);
    }
    certificate_.states_decided += decided;
  }
  certificate_.memo_hits =
      certificate_.classes - std::min(certificate_.classes, certificate_.runs);
  certificate_.seconds = seconds();
  return {};
}

void Explorer::Run::report_progress(bool now) {
  if (!explorer_.options_.on_progress) {
    return;
  }
  auto time = std::chrono::steady_clock::now();
  if (!now && time - last_progress_ < std::chrono::milliseconds(200)) {
    return;
  }
  last_progress_ = time;
  Progress progress;
  progress.windows = certificate_.windows;
  progress.windows_decided = certificate_.windows_decided;
  progress.runs = certificate_.runs;
  progress.findings = certificate_.findings.size();
  progress.open_sets = queue_.size();
  progress.seconds = seconds();
  if (certificate_.states_permitted != 0) {
    constexpr std::uint32_t kParts = 1000000;
    BigCount parts = decided_ * kParts / certificate_.states_permitted;
    progress.share_decided = parts.convert_to<double>() / kParts;
  }
  explorer_.options_.on_progress(progress);
}

}  // namespace powercut
