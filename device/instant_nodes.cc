// SPDX-License-Identifier: GPL-2.0-only

#include "device/instant_nodes.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace powercut {

InstantNodes::InstantNodes(const InstantTree& tree) : tree_(tree) {
  nodes_[kRoot] = Known{InstantNode{"", InstantEntry{true, 0}, kRoot}, 1};
}

// The same whether a name is looked up or only listed. Programs tell files apart by it
// (cmp does not read two that are one), so it has as many bits as any program can read.
std::uint64_t InstantNodes::inode_of(const std::string& path) {
  const std::uint64_t digest = std::hash<std::string>()(path) >> 1;
  return path.empty() ? kRoot : std::max<std::uint64_t>(digest, kRoot + 1);
}

std::string InstantNodes::path_below(const std::string& directory,
                                     const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

std::uint64_t InstantNodes::look_up(std::uint64_t directory, const std::string& name) {
  const std::optional<InstantNode> parent = find(directory);
  if (!parent || !parent->entry.is_directory || name.empty() ||
      name.find('/') != std::string::npos) {
    return 0;
  }
  const std::string path = path_below(parent->path, name);
  // Without the lock: a state may have to be made to know whether it is one.
  const std::optional<InstantEntry> entry = tree_.find(path);
  if (!entry) {
    return 0;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [number, is_new] = numbers_.try_emplace(path, next_);
  if (is_new) {
    nodes_[next_++] = Known{InstantNode{path, *entry, inode_of(path)}, 0};
  }
  ++nodes_[number->second].lookups;
  return number->second;
}

std::optional<InstantNode> InstantNodes::find(std::uint64_t number) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = nodes_.find(number);
  return known == nodes_.end() ? std::nullopt : std::optional(known->second.node);
}

void InstantNodes::forget(std::uint64_t number, std::uint64_t lookups) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = nodes_.find(number);
  if (number == kRoot || known == nodes_.end()) {
    return;
  }
  known->second.lookups -= std::min(lookups, known->second.lookups);
  if (known->second.lookups == 0) {
    numbers_.erase(known->second.node.path);
    nodes_.erase(known);
  }
}

std::size_t InstantNodes::known() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return nodes_.size();
}

}  // namespace powercut
