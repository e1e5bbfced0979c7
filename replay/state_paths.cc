// SPDX-License-Identifier: GPL-2.0-only

#include "replay/state_paths.h"

namespace powercut {

SpaceContents& StatePaths::contents_of(const std::shared_ptr<const StateSpace>& space) {
  if (space != space_) {
    contents_.reset();
    space_ = space;
    contents_ = std::make_unique<SpaceContents>(*space, table_);
  }
  return *contents_;
}

NodeId StatePaths::follow(DecisionTree& tree, const CrashState& state) {
  SpaceContents& contents = contents_of(state.space);
  NodeId at = DecisionTree::kRoot;
  while (true) {
    const DecisionTree::Node& node = tree.node(at);
    std::uint32_t i = 0;
    ContentId content = 0;
    for (; i < node.step_count; ++i) {
      const DecisionTree::Step step = tree.step(node, i);
      content = contents.content_under(step.unit, state.options);
      if (content != step.content) {
        break;
      }
    }
    if (i < node.step_count) {
      tree.split(at, i);
    } else if (node.end != DecisionTree::End::kBranch) {
      return at;
    } else {
      content = contents.content_under(node.unit, state.options);
    }
    at = tree.child(at, content);
  }
}

std::optional<LeafId> StatePaths::find(DecisionTree& tree, const CrashState& state) {
  const DecisionTree::Node& node = tree.node(follow(tree, state));
  return node.end == DecisionTree::End::kLeaf ? std::optional(node.leaf) : std::nullopt;
}

void StatePaths::lay(DecisionTree& tree, const CrashState& state,
                     std::span<const UnitKey> footprint, LeafId leaf) {
  const NodeId at = follow(tree, state);
  SpaceContents& contents = contents_of(state.space);
  tree.lay(at, footprint, leaf,
           [&](UnitKey unit) { return contents.content_under(unit, state.options); });
}

}  // namespace powercut
