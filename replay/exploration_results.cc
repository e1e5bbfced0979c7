// SPDX-License-Identifier: GPL-2.0-only
//
// The second half of an exploration: what comes back from the runs, and what it adds up
// to.

#include "base/ensure.h"
#include "replay/exploration.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

Status Explorer::Run::take_oldest() {
  Ticket ticket = std::move(under_way_.front());
  under_way_.pop_front();
  PC_ASSIGN_OR_RETURN(RunOutcome outcome, pool_.wait(ticket.number));
  PC_ENSURE(outcome.probes.size() == explorer_.trees_.size(),
            "a runner gives an outcome for each of its probes");
  WindowState& window = windows_[ticket.item.window];
  --window.running;
  if (cut_off(outcome)) {
    // Ctrl-C ended this checker too: its set stays open, like those never begun.
    may_start();
    auto parked = waiting_.extract({ticket.item.probe, ticket.item.node});
    if (!ticket.audit) {
      --certificate_.runs;
      queue_.push(ticket.item);
      for (const Item& item : parked.mapped()) {
        queue_.push(item);
      }
    } else if (--window.open == 0) {
      close_window(window);
    }
    return {};
  }
  if (!ticket.audit) {
    return take_run(ticket, std::move(outcome));
  }
  PC_RETURN_IF_ERROR(take_audit(ticket, outcome));
  if (--window.open == 0) {
    close_window(window);
  }
  return {};
}

bool Explorer::Run::cut_off(const RunOutcome& outcome) const {
  return explorer_.options_.interrupted && explorer_.options_.interrupted() &&
         std::any_of(outcome.probes.begin(), outcome.probes.end(),
                     [](const ProbeOutcome& probe) {
                       return probe.verdict.kind == Verdict::Kind::kInconclusive;
                     });
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
  // What is still open, by window and probe: with the decided states it must sum to the
  // permitted ones.
  std::vector<std::vector<BigCount>> left(windows_.size(),
                                          std::vector<BigCount>(explorer_.trees_.size()));
  for (; !queue_.empty(); queue_.pop()) {
    const Item& item = queue_.top();
    WindowState& window = windows_[item.window];
    PC_RETURN_IF_ERROR(open_window(window));
    load_set(window, item.set);
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
