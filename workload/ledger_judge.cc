// SPDX-License-Identifier: GPL-2.0-only
//
// Names: which are there, and what they may stand for.

#include "workload/ledger_judge.h"

#include "workload/workload_text.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <optional>

namespace powercut {

namespace {

constexpr std::size_t kMostFindings = 32;

bool is_type(const ModelInode& inode, std::uint32_t mode) {
  switch (inode.type) {
    case InodeType::kFile:
      return S_ISREG(mode);
    case InodeType::kDirectory:
      return S_ISDIR(mode);
    case InodeType::kSymlink:
      return S_ISLNK(mode);
    default:
      return (mode & S_IFMT) == inode.format;
  }
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_in(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

template <typename Map, typename Key>
Floor floor_of(const Map& floors, const Key& key) {
  const auto found = floors.find(key);
  return found == floors.end() ? Floor{} : found->second;
}

}  // namespace

LedgerJudge::LedgerJudge(const Ledger& ledger, std::size_t stage, const Observation& base)
    : ledger_(ledger),
      floors_(ledger.floors_.at(stage)),
      begun_(ledger.begun_.at(stage)),
      base_(base) {
  for (const FileNode& node : base.tree) {
    if (node.path != "/") {
      children_[parent_of(node.path)].push_back(&node);
    }
  }
  for (const auto& [operation, number] : ledger.acks_.inode_numbers) {
    const std::optional<InodeId> made = ledger.model_.target(operation).made;
    if (made) {
      numbers_[*made] = number;
    }
  }
}

std::vector<Finding> LedgerJudge::judge_names() {
  visit(kRootInode, "/");
  check_links();
  check_renames();
  check_existence();
  return findings_;
}

void LedgerJudge::add(std::string text) {
  if (findings_.size() < kMostFindings) {
    findings_.push_back(Finding{text, text, false});
  }
}

std::string LedgerJudge::operation_text(std::size_t operation) const {
  const Operation& done = ledger_.workload_.operations[operation];
  return done.line == 0 ? fmt::format("`{}`", to_text(done))
                        : fmt::format("`{}` (line {})", to_text(done), done.line);
}

std::string LedgerJudge::because(const Floor& floor) const {
  return floor.acknowledgement
             ? fmt::format(", acknowledged by {} [{}]",
                           operation_text(*floor.acknowledgement), floor.promise)
             : "";
}

std::uint64_t LedgerJudge::number_of(InodeId inode) const {
  const auto found = numbers_.find(inode);
  return found == numbers_.end() ? 0 : found->second;
}

bool LedgerJudge::could_be(InodeId inode, const FileNode& node) const {
  const std::uint64_t number = number_of(inode);
  return is_type(ledger_.model_.inodes()[inode], node.mode) &&
         (number == 0 || node.inode == 0 || number == node.inode);
}

void LedgerJudge::visit(InodeId directory, const std::string& path) {
  std::map<std::string, const FileNode*> observed;
  for (const FileNode* const child : children_[path]) {
    observed.emplace(name_in(child->path), child);
  }
  const auto& names = ledger_.model_.names();
  for (auto entry = names.lower_bound({directory, ""});
       entry != names.end() && entry->first.first == directory; ++entry) {
    const auto found = observed.find(entry->first.second);
    look_at(entry->first, found == observed.end() ? nullptr : found->second);
    if (found != observed.end()) {
      observed.erase(found);
    }
  }
  for (const auto& [name, node] : observed) {
    if (path != "/" || name != "lost+found") {
      add(fmt::format("{} is there, a name that no operation made",
                      escape_name(node->path)));
    }
  }
}

std::vector<LedgerJudge::Candidate> LedgerJudge::candidates_of(
    const ModelName& name, const FileNode& node) const {
  const Floor floor = floor_of(floors_.names, name);
  std::vector<Candidate> list;
  for (const auto* version :
       ledger_.model_.names().at(name).between(floor.step, begun_)) {
    if (version->value && could_be(*version->value, node)) {
      list.push_back({*version->value, version->step});
    }
  }
  std::reverse(list.begin(), list.end());  // the latest first
  return list;
}

void LedgerJudge::look_at(const ModelName& name, const FileNode* node) {
  const Floor floor = floor_of(floors_.names, name);
  const auto& history = ledger_.model_.names().at(name);
  if (node == nullptr) {
    bool may_miss = false;
    std::optional<InodeId> wanted;
    for (const auto* version : history.between(floor.step, begun_)) {
      may_miss = may_miss || !version->value;
      wanted = wanted ? wanted : version->value;
    }
    if (!may_miss) {
      reported_.insert(wanted.value());
      add(fmt::format("{} is missing{}", ledger_.model_.path_of(name), because(floor)));
    }
    return;
  }
  std::vector<Candidate> candidates = candidates_of(name, *node);
  if (candidates.empty()) {
    explain_wrong(name, *node);
    return;
  }
  std::vector<Candidate> fitting;
  for (const Candidate& candidate : candidates) {
    if (misfits(candidate, *node).empty()) {
      fitting.push_back(candidate);
    }
  }
  if (fitting.empty()) {
    for (const std::string& line : misfits(candidates[0], *node)) {
      add(line);
    }
    fitting = std::move(candidates);
  }
  resolved_[node->path] = fitting;
  if (S_ISDIR(node->mode)) {
    visit_directory(fitting, node->path);
  }
}

// A new directory may have the number of one that is gone: what is in it tells them
// apart.
void LedgerJudge::visit_directory(const std::vector<Candidate>& candidates,
                                  const std::string& path) {
  const std::vector<Finding> findings = findings_;
  const std::map<std::string, std::vector<Candidate>> resolved = resolved_;
  const std::set<InodeId> reported = reported_;
  for (std::size_t i = 0; i <= candidates.size(); ++i) {
    // The first again, if none of them fits.
    const bool last = i == candidates.size();
    const Candidate& candidate = candidates[last ? 0 : i];
    resolved_[path] = {candidate};
    visit(candidate.inode, path);
    if (last || findings_.size() == findings.size()) {
      return;
    }
    findings_ = findings;
    resolved_ = resolved;
    reported_ = reported;
  }
}

// The name is there, and stands for nothing that it may stand for.
void LedgerJudge::explain_wrong(const ModelName& name, const FileNode& node) {
  const Floor floor = floor_of(floors_.names, name);
  const auto& history = ledger_.model_.names().at(name);
  const std::string path = escape_name(node.path);
  const StepHistory<std::optional<InodeId>>::Version* older = nullptr;
  const StepHistory<std::optional<InodeId>>::Version* newer = nullptr;
  const auto* now = history.last([&](Step step) { return step <= floor.step; });
  for (const auto& version : history.versions()) {
    if (version.value && could_be(*version.value, node)) {
      (version.step < floor.step ? older : newer) = &version;
    }
  }
  if (older != nullptr) {
    reported_.insert(*older->value);
    add(now->value ? fmt::format("{} is what it was before {}{}", path,
                                 operation_text(now->step - 1), because(floor))
                   : fmt::format("{} is back, which {} removed{}", path,
                                 operation_text(now->step - 1), because(floor)));
  } else if (newer != nullptr) {
    add(fmt::format("{} is there before {} began", path,
                    operation_text(newer->step - 1)));
  } else {
    add(fmt::format("{} is none of the files that had this name{}", path,
                    because(floor)));
  }
}

// One inode under two paths has two links, and says so.
void LedgerJudge::check_links() {
  if (!ledger_.promises_.attributes) {
    return;
  }
  std::map<std::uint64_t, std::vector<const FileNode*>> by_number;
  for (const FileNode& node : base_.tree) {
    if (node.inode != 0 && node.links != 0 && S_ISREG(node.mode)) {
      by_number[node.inode].push_back(&node);
    }
  }
  for (const auto& [number, nodes] : by_number) {
    if (nodes[0]->links != nodes.size()) {
      add(fmt::format("{} has {} names and counts {} links", escape_name(nodes[0]->path),
                      nodes.size(), nodes[0]->links));
    }
  }
}

// A file that was renamed is not under both names.
void LedgerJudge::check_renames() {
  const auto certain = [&](const ModelName& name, InodeId inode,
                           std::string& path) -> bool {
    for (const auto& [seen, candidates] : resolved_) {
      const bool only = std::all_of(
          candidates.begin(), candidates.end(),
          [&](const Candidate& candidate) { return candidate.inode == inode; });
      if (!only || name_in(seen) != name.second) {
        continue;
      }
      const std::string parent = parent_of(seen);
      const auto above = resolved_.find(parent);
      const bool under = parent == "/" ? name.first == kRootInode
                                       : above != resolved_.end() &&
                                             above->second[0].inode == name.first;
      if (under) {
        path = seen;
        return true;
      }
    }
    return false;
  };
  for (std::size_t i = 0; i < ledger_.workload_.operations.size(); ++i) {
    const ModelTarget& target = ledger_.model_.target(i);
    const Step step = static_cast<Step>(i + 1);
    if (!target.moved_from || !begun_(step)) {
      continue;
    }
    const auto check_move = [&](InodeId inode, const ModelName& old,
                                const ModelName& fresh) {
      const auto by_other_means = [&](const ModelName& name, bool before) {
        const auto versions = ledger_.model_.names().at(name).between(
            floor_of(floors_.names, name).step, begun_);
        return std::any_of(versions.begin(), versions.end(), [&](const auto* version) {
          return version->value == inode &&
                 (before ? version->step < step : version->step > step);
        });
      };
      std::string from;
      std::string to;
      // Bound to the old name again later, or to the new one before: then both may be.
      if (!by_other_means(old, false) && !by_other_means(fresh, true) &&
          certain(old, inode, from) && certain(fresh, inode, to)) {
        add(fmt::format("{} and {} are {}: {} did half of it [atomic-rename]",
                        escape_name(from), escape_name(to),
                        target.exchanged ? "one file" : "both there", operation_text(i)));
      }
    };
    check_move(*target.inode, *target.moved_from, *target.moved_to);
    if (target.exchanged) {
      check_move(*target.exchanged, *target.moved_to, *target.moved_from);
    }
  }
}

// A file that was durable, and that since then was only renamed or linked, is somewhere.
// Where metadata is ordered, so is one that lost a name and had another.
void LedgerJudge::check_existence() {
  for (const auto& [inode, floor] : floors_.existence) {
    bool kept = !reported_.contains(inode);
    for (std::size_t i = floor.step; kept && i < ledger_.workload_.operations.size();
         ++i) {
      const ModelTarget& target = ledger_.model_.target(i);
      if (!begun_(static_cast<Step>(i + 1))) {
        continue;
      }
      for (const ModelName& name : target.names) {
        // It lost a name, and not by being renamed.
        const auto& history = ledger_.model_.names().at(name);
        const auto* before =
            history.last([&](Step step) { return step <= static_cast<Step>(i); });
        // Where metadata is ordered, what it still has then is there too.
        kept =
            kept &&
            (before == nullptr || before->value != inode || target.moved(inode, name) ||
             (ledger_.promises_.ordered_metadata &&
              !ledger_.model_.names_of(inode, [&](Step step) { return step <= i + 1; })
                   .empty()));
      }
    }
    if (!kept || inode == kRootInode) {
      continue;
    }
    const bool seen =
        std::any_of(resolved_.begin(), resolved_.end(), [&](const auto& entry) {
          return std::any_of(
              entry.second.begin(), entry.second.end(),
              [&](const Candidate& candidate) { return candidate.inode == inode; });
        });
    // Below a directory that is missing itself: that is what is to be told.
    bool lost_above = false;
    for (const ModelName& name :
         ledger_.model_.names_of(inode, [&](Step step) { return begun_(step); })) {
      lost_above = lost_above || reported_.contains(name.first);
    }
    if (!seen && !lost_above) {
      add(fmt::format("{} has none of its names: it is lost{}",
                      ledger_.model_.path_of(inode), because(floor)));
    }
  }
}

}  // namespace powercut
