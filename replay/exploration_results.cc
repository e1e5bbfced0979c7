// SPDX-License-Identifier: GPL-2.0-only
//
// The second half of an exploration: what comes back from the runs, and what it adds up
// to.

#include "base/ensure.h"
#include "replay/exploration.h"
#include "replay/lost_writes.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

Status Explorer::Run::take_oldest() {
  Ticket ticket = std::move(under_way_.front());
  under_way_.pop_front();
  PC_ASSIGN_OR_RETURN(RunOutcome outcome, pool_.wait(ticket.number));
  PC_ENSURE(!outcome.probes.empty(), "a runner says at least what the base found");
  WindowState& window = windows_[ticket.item.window];
  --window.running;
  if (cut_off(outcome)) {
    // Ctrl-C ended this checker too: its set stays open, like those never begun.
    may_start();
    if (!ticket.audit) {
      auto parked = waiting_.extract(waits_for(ticket.item));
      --certificate_.runs;
      queue_.push(ticket.item);
      for (const Item& item : parked.mapped()) {
        queue_.push(item);
      }
    } else if (--window.open == 0) {
      return close_window(window);
    }
    return {};
  }
  if (!ticket.audit) {
    return take_run(ticket, outcome);
  }
  PC_RETURN_IF_ERROR(take_audit(ticket, outcome));
  return --window.open == 0 ? close_window(window) : Status{};
}

bool Explorer::Run::cut_off(const RunOutcome& outcome) const {
  return explorer_.options_.interrupted && explorer_.options_.interrupted() &&
         std::any_of(outcome.probes.begin(), outcome.probes.end(),
                     [](const ProbeOutcome& probe) {
                       return probe.verdict.kind == Verdict::Kind::kInconclusive;
                     });
}

LeafId Explorer::Run::add_leaf(const Ticket& ticket, TreeId tree, Verdict verdict) {
  explorer_.leaves_.push_back(Leaf{std::move(verdict), tree, {}});
  const auto leaf = static_cast<LeafId>(explorer_.leaves_.size() - 1);
  first_states_.emplace(leaf, ticket.state);
  leaf_window_.emplace(leaf, windows_[ticket.item.window].window);
  return leaf;
}

Status Explorer::Run::take_run(const Ticket& ticket, const RunOutcome& outcome) {
  PC_RETURN_IF_ERROR(lay_outcome(ticket, outcome));
  // The item, and those that came to the same node meanwhile, go on through the tree.
  auto parked = waiting_.extract(waits_for(ticket.item));
  const DecisionTree& tree = explorer_.trees_[ticket.item.tree].tree;
  const bool missing = tree.node(ticket.item.node).end == DecisionTree::End::kMissing;
  if (missing && outcome.probes[0].verdict.kind == Verdict::Kind::kInconclusive) {
    // The base was cut off this time, and the probe with it: its set is undecidable.
    lay_along(ticket.item.tree, ticket.item.node, ticket,
              ProbeOutcome{{}, outcome.probes[0].verdict, {}});
  } else if (missing) {
    return fail(ErrorKind::kBadInput,
                fmt::format("the checker contradicts itself: state {} was to be judged "
                            "by probe {}, and has none",
                            ticket.state.id(), explorer_.trees_[ticket.item.tree].name),
                "it read something besides the disk (clock, random numbers, other "
                "files): no verdict of this run counts");
  }
  PC_RETURN_IF_ERROR(process(ticket.item));
  for (const Item& item : parked.mapped()) {
    PC_RETURN_IF_ERROR(process(item));
  }
  return {};
}

LeafId Explorer::Run::lay_along(TreeId tree_id, NodeId at, const Ticket& ticket,
                                const ProbeOutcome& outcome) {
  DecisionTree& tree = explorer_.trees_[tree_id].tree;
  WindowState& window = windows_[ticket.item.window];
  auto content_of = [&](UnitKey unit) {
    return window.contents->content_under(unit, ticket.state.options);
  };
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
      return node.leaf;
    }
    at = tree.child(at, content_of(node.unit));
  }
  LeafId leaf = add_leaf(ticket, tree_id, outcome.verdict);
  tree.lay(at, outcome.footprint, leaf, content_of);
  return leaf;
}

Status Explorer::Run::lay_outcome(const Ticket& ticket, const RunOutcome& outcome) {
  WindowState& window = windows_[ticket.item.window];
  if (window.contents == nullptr) {
    trim_caches(kCachedWindows);
    window.contents = std::make_unique<SpaceContents>(*window.space, explorer_.contents_);
    cached_.push_back(ticket.item.window);
  }
  // The item's own tree begins where the item stands, every other at the root.
  auto start = [&](TreeId tree) {
    return tree == ticket.item.tree ? ticket.item.node : DecisionTree::kRoot;
  };
  const std::size_t known = explorer_.leaves_.size();
  const LeafId base = lay_along(kBase, start(kBase), ticket, outcome.probes[0]);
  if (base < known) {
    PC_RETURN_IF_ERROR(check_same(ticket, base, outcome.probes[0].verdict));
  } else {
    base_leaves_.insert(base);
    for (std::size_t i = 1; i < outcome.probes.size(); ++i) {
      explorer_.leaves_[base].probes.push_back(
          Probe{outcome.probes[i].name, explorer_.trees_.size()});
      Tree& tree = explorer_.trees_.emplace_back();
      tree.name = outcome.probes[i].name;
      tree.base = base;
    }
  }
  if (!ticket.audit) {
    last_most_[base] = ticket.most;
  }
  const std::vector<Probe>& probes = explorer_.leaves_[base].probes;
  bool same = probes.size() + 1 == outcome.probes.size();
  for (std::size_t i = 0; same && i < probes.size(); ++i) {
    same = probes[i].name == outcome.probes[i + 1].name;
  }
  if (!same && explorer_.leaves_[base].verdict.kind != Verdict::Kind::kInconclusive &&
      outcome.probes[0].verdict.kind != Verdict::Kind::kInconclusive) {
    return fail(ErrorKind::kBadInput,
                fmt::format("the checker contradicts itself: state {} has other probes "
                            "than state {}, which it cannot tell from it",
                            ticket.state.id(), first_state_text(base)),
                "it read something besides the disk (clock, random numbers, other "
                "files): no verdict of this run counts");
  }
  for (std::size_t i = 0; same && i < probes.size(); ++i) {
    const std::size_t before = explorer_.leaves_.size();
    const TreeId tree = probes[i].tree;
    const LeafId leaf = lay_along(tree, start(tree), ticket, outcome.probes[i + 1]);
    if (leaf < before) {
      PC_RETURN_IF_ERROR(check_same(ticket, leaf, outcome.probes[i + 1].verdict));
    }
  }
  return {};
}

std::string Explorer::Run::first_state_text(LeafId leaf) const {
  auto first = first_states_.find(leaf);
  return first == first_states_.end() ? "of an earlier exploration" : first->second.id();
}

Status Explorer::Run::check_same(const Ticket& ticket, LeafId leaf,
                                 const Verdict& got) const {
  const Verdict& expected = explorer_.leaves_[leaf].verdict;
  if (got.kind == Verdict::Kind::kInconclusive ||
      expected.kind == Verdict::Kind::kInconclusive || got.same_as(expected)) {
    return {};  // timed out: neither for nor against
  }
  return fail(
      ErrorKind::kBadInput,
      fmt::format("{}: state {} is '{}', but its class was closed as '{}' by state {}",
                  ticket.audit ? "audit failed" : "the checker contradicts itself",
                  ticket.state.id(), got.summary(), expected.summary(),
                  first_state_text(leaf)),
      "the checker read something besides the disk (clock, random numbers, other "
      "files), or the harness is wrong: no verdict of this run counts");
}

// The state must be what its class was closed as; what its probes say is compared with
// their trees, or is new to them.
Status Explorer::Run::take_audit(const Ticket& ticket, const RunOutcome& outcome) {
  if (outcome.probes[0].verdict.kind == Verdict::Kind::kInconclusive) {
    return {};
  }
  PC_RETURN_IF_ERROR(check_same(ticket, ticket.leaf, outcome.probes[0].verdict));
  PC_RETURN_IF_ERROR(lay_outcome(ticket, outcome));
  ++certificate_.audited;
  return {};
}

void Explorer::Run::add_finding(const WindowState& window, const Item& item, LeafId leaf,
                                const Verdict& verdict, const BigCount& states) {
  std::string said;
  for (const Finding& finding : verdict.findings) {
    said += finding.key + '\n';
  }
  auto [it, inserted] =
      finding_of_leaf_.try_emplace({leaf, said}, certificate_.findings.size());
  if (inserted) {
    FailingClass failing;
    // The first state of the leaf, unless it was run in an earlier exploration, or in
    // another window, where it may have been no finding.
    const auto first = first_states_.find(leaf);
    const bool here = first != first_states_.end() &&
                      (explorer_.options_.oracle == nullptr ||
                       leaf_window_.at(leaf).number == window.window.number);
    const CrashState state =
        here ? first->second : CrashState{window.space, window.set->nearest_extreme()};
    failing.state_id = state.id();
    failing.lost = lost_writes(state);
    failing.window = here ? leaf_window_.at(leaf) : window.window;
    failing.checker = explorer_.runner_.checker_name();
    failing.probe = explorer_.trees_[item.tree].name;
    failing.fault = to_string(durability_->model().fault);
    failing.verdict = verdict;
    certificate_.findings.push_back(std::move(failing));
  }
  FailingClass& failing = certificate_.findings[it->second];
  failing.states += states;
  std::vector<std::size_t>& windows = failing.windows;  // ascending, each once
  auto at = std::lower_bound(windows.begin(), windows.end(), window.window.number);
  if (at == windows.end() || *at != window.window.number) {
    windows.insert(at, window.window.number);
  }
}

Status Explorer::Run::conclude() {
  // Windows that were never opened still have permitted states.
  for (WindowState& window : windows_) {
    if (!window.counted) {
      PC_RETURN_IF_ERROR(open_window(window));
    }
  }
  // What is still open, by window and tree: with what was closed it must sum to what was
  // given.
  std::vector<std::map<TreeId, BigCount>> left(windows_.size());
  for (; !queue_.empty(); queue_.pop()) {
    const Item& item = queue_.top();
    WindowState& window = windows_[item.window];
    PC_RETURN_IF_ERROR(open_window(window));
    load_set(window, item.set);
    left[item.window][item.tree] += window.set->count();
  }
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    PC_ASSIGN_OR_RETURN(const BigCount decided, conclude_window(windows_[i], left[i]));
    certificate_.states_decided += decided;
    PC_RETURN_IF_ERROR(tell_window(windows_[i], decided));
  }
  for (const auto& [leaf, state] : first_states_) {
    if (base_leaves_.contains(leaf)) {
      certificate_.examples.push_back(state);
    }
  }
  certificate_.memo_hits =
      certificate_.classes - std::min(certificate_.classes, certificate_.runs);
  certificate_.seconds = seconds();
  return {};
}

Result<BigCount> Explorer::Run::conclude_window(
    const WindowState& window, const std::map<TreeId, BigCount>& left) const {
  BigCount not_decided = 0;
  for (const auto& [tree, tally] : window.tallies) {
    const auto open = left.find(tree);
    const BigCount rest = tally.undecidable + (open == left.end() ? 0 : open->second);
    if (tally.decided + rest != tally.given) {
      return fail(ErrorKind::kBadInput,
                  fmt::format("certificate refused: the classes of window {}, probe {}, "
                              "sum to {} states, {} are permitted",
                              window.window.number, explorer_.trees_[tree].name,
                              to_decimal(tally.decided + rest), to_decimal(tally.given)),
                  "this is a bug of powercut: please report it with the log");
    }
    // A state is decided if all its probes are: what several leave open may overlap.
    not_decided += rest;
  }
  return window.permitted - std::min(window.permitted, not_decided);
}

Status Explorer::Run::tell_window(WindowState& window, const BigCount& decided) {
  if (!explorer_.options_.on_window || window.told) {
    return {};
  }
  window.told = true;
  DecidedWindow told;
  told.window = window.window;
  told.permitted = window.permitted;
  told.decided = decided;
  told.tier = decided == window.permitted ? DecidedWindow::Tier::kProved
                                          : DecidedWindow::Tier::kOpen;
  for (const auto& [leaf, states] : window.leaves) {
    const TreeId tree = explorer_.leaves_[leaf].tree;
    PC_ASSIGN_OR_RETURN(const Verdict* const verdict,
                        judged(tree, leaf, window.window.stage));
    const auto first = first_states_.find(leaf);
    told.classes.push_back(
        StateClass{explorer_.trees_[tree].name,
                   first == first_states_.end() ? "" : first->second.id(), verdict->kind,
                   verdict->summary(), states});
  }
  return explorer_.options_.on_window(told);
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
