// SPDX-License-Identifier: GPL-2.0-only
//
// A workload whose operations were all acknowledged as they should be, and what a file
// system that loses nothing would show after any of them: to be tampered with.

#pragma once

#include "tests/support/history.h"
#include "workload/ledger.h"
#include "workload/workload_text.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace powercut::test {

class Trial {
 public:
  explicit Trial(const std::string& text, Promises promises = {})
      : Trial(value_or_throw(parse_workload(text, {"test", 1})), promises) {}

  // `reused`: inodes that got the number of an earlier one.
  explicit Trial(const Workload& given, Promises promises = {},
                 const std::map<InodeId, InodeId>& reused = {})
      : workload(given), model(value_or_throw(FileModel::build(workload))) {
    history_ = History(1, 4);
    history_.mark("begin");
    std::string made;
    for (std::size_t i = 0; i < workload.operations.size(); ++i) {
      if (model.target(i).made) {
        const InodeId inode = *model.target(i).made;
        const auto other = reused.find(inode);
        made += fmt::format(" {}:{}", i,
                            number_of(other == reused.end() ? inode : other->second));
      }
      if (is_acknowledgement(workload.operations[i])) {
        history_.mark(fmt::format("ack {}{}", i, made));
        made.clear();
      }
    }
    history_.mark("operations-done" + made);
    log_ = std::make_unique<MemoryLogOf>(history_);
    ledger = value_or_throw(Ledger::make(workload, promises, log_->timeline()));
  }

  static std::uint64_t number_of(InodeId inode) { return 100 + inode; }

  std::size_t last_stage() const { return ledger->boundaries().size(); }

  // The whole file system after `step` operations.
  Observation after(Step step) const {
    Observation seen;
    seen.files = true;
    add_below(seen.tree, kRootInode, "", step);
    std::sort(seen.tree.begin(), seen.tree.end(),
              [](const FileNode& a, const FileNode& b) { return a.path < b.path; });
    return seen;
  }

  Observation after_all() const {
    return after(static_cast<Step>(workload.operations.size()));
  }

  // What a file holds after `step` operations, from an offset on.
  Observation data_after(Step step, const std::string& path, std::uint64_t offset_bytes,
                         std::size_t length_bytes) const {
    Observation seen;
    seen.path = path;
    seen.offset_bytes = offset_bytes;
    seen.bytes.resize(length_bytes);
    const auto until = [step](Step at) { return at <= step; };
    model.inodes()[inode_at(path, step)].content.last(until)->value.read(
        offset_bytes, std::as_writable_bytes(std::span(seen.bytes)));
    return seen;
  }

  // All that the ledger has against a state, as texts: names first, then data.
  std::vector<std::string> judge(std::size_t stage, const Observation& base,
                                 const std::vector<Observation>& data = {}) const {
    std::vector<std::string> texts;
    const auto kept = std::make_shared<const Observation>(base);
    for (const Finding& finding : ledger->judge(stage, kept, nullptr)) {
      texts.push_back(finding.summary);
    }
    for (const Observation& unit : data) {
      for (const Finding& finding : ledger->judge(stage, kept, &unit)) {
        texts.push_back(finding.summary);
      }
    }
    return texts;
  }

  // Of the state after `step`, files wholly read.
  std::vector<std::string> judge_after(std::size_t stage, Step step) const {
    const Observation base = after(step);
    std::vector<Observation> data;
    for (const FileNode& node : base.tree) {
      for (std::uint64_t at = 0; S_ISREG(node.mode) && at < node.size_bytes; at += 4096) {
        data.push_back(data_after(step, node.path, at,
                                  std::min<std::uint64_t>(4096, node.size_bytes - at)));
      }
    }
    return judge(stage, base, data);
  }

  InodeId inode_at(const std::string& path, Step step) const {
    const auto until = [step](Step at) { return at <= step; };
    InodeId inode = kRootInode;
    std::size_t at = 1;
    while (at < path.size()) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      inode =
          model.names().at({inode, path.substr(at, end - at)}).last(until)->value.value();
      at = end + 1;
    }
    return inode;
  }

  Workload workload;
  FileModel model;
  std::unique_ptr<Ledger> ledger;

 private:
  // Keeps what the timeline refers to.
  class MemoryLogOf {
   public:
    explicit MemoryLogOf(const History& history)
        : log_(history.log()), timeline_(value_or_throw(Timeline::build(*log_, {}))) {}

    const Timeline& timeline() const { return *timeline_; }

   private:
    std::shared_ptr<const Log> log_;
    std::shared_ptr<const Timeline> timeline_;
  };

  void add_below(FileTree& tree, InodeId directory, const std::string& path,
                 Step step) const {
    const auto until = [step](Step at) { return at <= step; };
    for (const auto& [name, history] : model.names()) {
      const auto* version = history.last(until);
      if (name.first != directory || version == nullptr || !version->value) {
        continue;
      }
      const InodeId id = *version->value;
      tree.push_back(node_of(id, path + "/" + name.second, step));
      if (model.inodes()[id].type == InodeType::kDirectory) {
        add_below(tree, id, path + "/" + name.second, step);
      }
    }
  }

  FileNode node_of(InodeId id, const std::string& path, Step step) const {
    const auto until = [step](Step at) { return at <= step; };
    const ModelInode& inode = model.inodes()[id];
    FileNode node;
    node.path = path;
    node.inode = number_of(id);
    node.links = model.names_of(id, until).size();
    const std::uint32_t types[] = {S_IFREG, S_IFDIR, S_IFLNK, inode.format};
    node.mode =
        types[static_cast<std::size_t>(inode.type)] | inode.mode.last(until)->value;
    node.device = inode.device;
    node.uid = inode.owner.last(until)->value.user;
    node.gid = inode.owner.last(until)->value.group;
    node.target = inode.target;
    for (const auto& [name, values] : inode.attributes) {
      if (const auto* value = values.last(until); value != nullptr && value->value) {
        node.attributes.emplace_back(name, *value->value);
      }
    }
    if (inode.type == InodeType::kFile) {
      node.size_bytes = inode.size.last(until)->value.bytes;
      for (const ContentPiece& piece : inode.content.last(until)->value.pieces()) {
        node.extents.push_back({piece.offset_bytes, piece.length_bytes, false});
      }
      for (const auto& [begin, end] : inode.reserved.last(until)->value) {
        node.allocated_bytes += end - begin;
      }
    }
    return node;
  }

  History history_{1, 4};
  std::unique_ptr<MemoryLogOf> log_;
};

// Does one of the texts have this part?
inline bool mentions(const std::vector<std::string>& texts, const std::string& part) {
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return text.find(part) != std::string::npos;
  });
}

}  // namespace powercut::test
