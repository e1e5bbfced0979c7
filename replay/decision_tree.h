// SPDX-License-Identifier: GPL-2.0-only
//
// What a deterministic checker was seen to decide, keyed by content: a node asks one
// unit, its branches are contents, a leaf holds a verdict. The path to a leaf contains
// the footprint of the run that made it, so the verdict holds for every state that
// agrees with the path, of any window and any log.
//
// Nodes without branches are kept as runs of steps (a radix tree): a path of some
// thousand units costs 16 bytes a unit and no node.

#pragma once

#include "replay/content_table.h"
#include "replay/verdict.h"
#include "replay/version.h"

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace powercut {

using NodeId = std::uint32_t;
using LeafId = std::uint32_t;

// Not thread-safe. Node ids stay valid; a node keeps the place of its first step.
class DecisionTree {
 public:
  struct Step {
    UnitKey unit = 0;
    ContentId content = 0;
  };

  enum class End : std::uint8_t { kMissing, kLeaf, kBranch };

  struct Child {
    ContentId content = 0;
    NodeId node = 0;
  };

  struct Node {
    std::uint32_t first_step = 0;
    std::uint32_t step_count = 0;
    NodeId parent = 0;
    End end = End::kMissing;
    LeafId leaf = 0;              // kLeaf
    UnitKey unit = 0;             // kBranch: the unit asked after the steps
    std::vector<Child> children;  // kBranch
  };

  DecisionTree();

  static constexpr NodeId kRoot = 0;

  const Node& node(NodeId id) const { return nodes_[id]; }

  const Step& step(const Node& node, std::uint32_t i) const {
    return steps_[node.first_step + i];
  }

  // Makes step `i` of a node a branch; what followed goes to its one child.
  void split(NodeId id, std::uint32_t i);

  // The child of a branch for a content; a missing node if it is new.
  NodeId child(NodeId id, ContentId content);

  // Gives a missing node its path and its leaf. Units already asked on the way from the
  // root are skipped; the contents come from `content_of(unit)`.
  template <class ContentOf>
  void lay(NodeId id, std::span<const UnitKey> footprint, LeafId leaf,
           const ContentOf& content_of) {
    std::vector<Step> steps;
    for (UnitKey unit : without_asked(id, footprint)) {
      steps.push_back(Step{unit, content_of(unit)});
    }
    fill(id, steps, leaf);
  }

  std::size_t node_count() const { return nodes_.size(); }

  std::size_t step_count() const { return steps_.size(); }

 private:
  std::vector<UnitKey> without_asked(NodeId id, std::span<const UnitKey> footprint) const;
  void fill(NodeId id, std::span<const Step> steps, LeafId leaf);

  std::deque<Node> nodes_;
  std::vector<Step> steps_;
};

}  // namespace powercut
