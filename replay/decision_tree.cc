// SPDX-License-Identifier: GPL-2.0-only

#include "replay/decision_tree.h"

#include "base/ensure.h"
#include "base/flat_map.h"

#include <limits>

namespace powercut {

DecisionTree::DecisionTree() {
  nodes_.emplace_back();
}

void DecisionTree::split(NodeId id, std::uint32_t i) {
  PC_ENSURE(i < nodes_[id].step_count, "the step to split at exists");
  NodeId below = static_cast<NodeId>(nodes_.size());
  nodes_.emplace_back();
  Node& node = nodes_[id];
  Node& rest = nodes_[below];
  Step asked = steps_[node.first_step + i];
  rest = node;
  rest.first_step = node.first_step + i + 1;
  rest.step_count = node.step_count - i - 1;
  rest.parent = id;
  for (const Child& child : rest.children) {
    nodes_[child.node].parent = below;
  }
  node.step_count = i;
  node.end = End::kBranch;
  node.unit = asked.unit;
  node.children = {Child{asked.content, below}};
}

NodeId DecisionTree::child(NodeId id, ContentId content) {
  PC_ENSURE(nodes_[id].end == End::kBranch, "only a branch has children");
  for (const Child& child : nodes_[id].children) {
    if (child.content == content) {
      return child.node;
    }
  }
  NodeId made = static_cast<NodeId>(nodes_.size());
  nodes_.emplace_back();
  nodes_[made].parent = id;
  nodes_[id].children.push_back(Child{content, made});
  return made;
}

std::vector<UnitKey> DecisionTree::without_asked(
    NodeId id, std::span<const UnitKey> footprint) const {
  FlatMap<bool> asked;
  auto first_time = [&](UnitKey unit) {
    if (asked.find(unit) != nullptr) {
      return false;
    }
    asked.insert(unit, true);
    return true;
  };
  NodeId at = id;
  while (at != kRoot) {
    at = nodes_[at].parent;
    const Node& node = nodes_[at];
    for (std::uint32_t i = 0; i < node.step_count; ++i) {
      first_time(step(node, i).unit);
    }
    first_time(node.unit);
  }
  std::vector<UnitKey> rest;
  for (UnitKey unit : footprint) {
    if (first_time(unit)) {
      rest.push_back(unit);
    }
  }
  return rest;
}

void DecisionTree::fill(NodeId id, std::span<const Step> steps, LeafId leaf) {
  Node& node = nodes_[id];
  PC_ENSURE(node.end == End::kMissing, "only a missing node can be filled");
  PC_ENSURE(steps_.size() + steps.size() < std::numeric_limits<std::uint32_t>::max(),
            "the decision tree has room");
  node.first_step = static_cast<std::uint32_t>(steps_.size());
  node.step_count = static_cast<std::uint32_t>(steps.size());
  node.end = End::kLeaf;
  node.leaf = leaf;
  steps_.insert(steps_.end(), steps.begin(), steps.end());
}

}  // namespace powercut
