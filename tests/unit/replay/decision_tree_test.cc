// SPDX-License-Identifier: GPL-2.0-only

#include "replay/decision_tree.h"

#include "base/random.h"

#include <catch2/catch.hpp>

#include <map>
#include <optional>

namespace powercut::test {
namespace {

// A state as the content of each unit.
using Contents = std::map<UnitKey, ContentId>;

// A tree with the walk that the explorer makes, for one state at a time.
class Tree {
 public:
  // The verdict that the tree has for a state.
  std::optional<LeafId> find(const Contents& state) {
    const NodeId at = walk(state);
    const DecisionTree::Node& node = tree_.node(at);
    return node.end == DecisionTree::End::kLeaf ? std::optional(node.leaf) : std::nullopt;
  }

  void learn(const Contents& state, const std::vector<UnitKey>& footprint, LeafId leaf) {
    const NodeId at = walk(state);
    REQUIRE(tree_.node(at).end == DecisionTree::End::kMissing);
    tree_.lay(at, footprint, leaf, [&](UnitKey unit) { return state.at(unit); });
  }

  const DecisionTree& tree() const { return tree_; }

 private:
  NodeId walk(const Contents& state) {
    NodeId at = DecisionTree::kRoot;
    while (true) {
      const DecisionTree::Node& node = tree_.node(at);
      std::uint32_t i = 0;
      while (i < node.step_count &&
             state.at(tree_.step(node, i).unit) == tree_.step(node, i).content) {
        ++i;
      }
      if (i < node.step_count) {
        const UnitKey unit = tree_.step(node, i).unit;
        tree_.split(at, i);
        at = tree_.child(at, state.at(unit));
      } else if (node.end == DecisionTree::End::kBranch) {
        at = tree_.child(at, state.at(node.unit));
      } else {
        return at;
      }
    }
  }

  DecisionTree tree_;
};

TEST_CASE("an empty tree knows no state", "[replay][decision_tree]") {
  Tree tree;
  CHECK_FALSE(tree.find({}));
}

TEST_CASE("a run that read nothing decides all states", "[replay][decision_tree]") {
  Tree tree;
  tree.learn({{1, 5}}, {}, 7);
  CHECK(tree.find({{1, 5}}) == 7U);
  CHECK(tree.find({{1, 6}}) == 7U);
}

TEST_CASE("a path is one node until a state leaves it", "[replay][decision_tree]") {
  Tree tree;
  tree.learn({{1, 0}, {2, 0}, {3, 0}}, {1, 2, 3}, 0);
  CHECK(tree.tree().node_count() == 1);
  CHECK(tree.tree().step_count() == 3);
  CHECK_FALSE(tree.find({{1, 0}, {2, 9}, {3, 0}}));
  CHECK(tree.tree().node_count() == 3);
  CHECK(tree.tree().step_count() == 3);
  CHECK(tree.find({{1, 0}, {2, 0}, {3, 0}}) == 0U);
}

TEST_CASE("units asked on the way from the root are not asked again",
          "[replay][decision_tree]") {
  Tree tree;
  tree.learn({{1, 0}, {2, 0}}, {1, 2}, 0);
  tree.learn({{1, 1}, {2, 0}, {3, 0}}, {2, 1, 3, 3, 2}, 1);
  CHECK(tree.tree().step_count() == 2 + 2);
  CHECK(tree.find({{1, 1}, {2, 0}, {3, 0}}) == 1U);
  CHECK_FALSE(tree.find({{1, 1}, {2, 4}, {3, 0}}));
}

TEST_CASE("splitting first, last and twice keeps what was known",
          "[replay][decision_tree]") {
  Tree tree;
  const Contents first = {{1, 0}, {2, 0}, {3, 0}};
  tree.learn(first, {1, 2, 3}, 0);
  LeafId leaf = 1;
  for (const UnitKey unit : {3U, 1U, 2U}) {
    Contents other = first;
    other[unit] = 1;
    tree.learn(other, {1, 2, 3}, leaf++);
  }
  CHECK(tree.find(first) == 0U);
  CHECK(tree.find({{1, 0}, {2, 0}, {3, 1}}) == 1U);
  CHECK(tree.find({{1, 1}, {2, 0}, {3, 0}}) == 2U);
  CHECK(tree.find({{1, 0}, {2, 1}, {3, 0}}) == 3U);
  CHECK_FALSE(tree.find({{1, 1}, {2, 1}, {3, 0}}));
}

TEST_CASE("devices are told apart", "[replay][decision_tree]") {
  CHECK(device_of(make_unit(3, 12)) == 3);
  CHECK(number_of(make_unit(3, 12)) == 12);
  Tree tree;
  tree.learn({{make_unit(0, 1), 0}, {make_unit(1, 1), 0}}, {make_unit(1, 1)}, 0);
  CHECK(tree.find({{make_unit(0, 1), 1}, {make_unit(1, 1), 0}}) == 0U);
  CHECK_FALSE(tree.find({{make_unit(0, 1), 0}, {make_unit(1, 1), 1}}));
}

// Reads on while what it reads is odd; its verdict is what it read.
std::vector<UnitKey> read_while_odd(const Contents& state) {
  std::vector<UnitKey> footprint;
  UnitKey at = 0;
  for (std::size_t i = 0; i < state.size(); ++i) {
    footprint.push_back(at);
    if (state.at(at) % 2 == 0) {
      break;
    }
    at = (at + state.at(at)) % state.size();
  }
  return footprint;
}

TEST_CASE("a tree learned from some states is right about all that it knows",
          "[replay][decision_tree]") {
  Random random(5);
  Tree tree;
  std::map<std::vector<std::pair<UnitKey, ContentId>>, LeafId> expected;
  std::size_t known = 0;
  for (int i = 0; i < 3000; ++i) {
    Contents state;
    for (UnitKey unit = 0; unit < 8; ++unit) {
      state[unit] = static_cast<ContentId>(random.below(4));
    }
    std::vector<std::pair<UnitKey, ContentId>> read;
    for (const UnitKey unit : read_while_odd(state)) {
      read.emplace_back(unit, state[unit]);
    }
    const auto [it, inserted] =
        expected.try_emplace(read, static_cast<LeafId>(expected.size()));
    const std::optional<LeafId> leaf = tree.find(state);
    if (leaf) {
      REQUIRE(*leaf == it->second);
      ++known;
    } else {
      REQUIRE(inserted);
      tree.learn(state, read_while_odd(state), it->second);
    }
  }
  CHECK(known > 2000);
}

}  // namespace
}  // namespace powercut::test
