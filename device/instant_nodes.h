// SPDX-License-Identifier: GPL-2.0-only
//
// The names of an InstantTree that the kernel knows at the moment, by the numbers that
// it was given for them. A number stays as long as the kernel remembers it.

#pragma once

#include "device/instant_tree.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace powercut {

struct InstantNode {
  std::string path;
  InstantEntry entry;
  std::uint64_t inode = 0;  // as stat(2) tells it: follows from the path alone
};

// Thread-safe.
class InstantNodes {
 public:
  // The tree must outlive it.
  explicit InstantNodes(const InstantTree& tree);

  // The number of `name` in a directory, looked up once more; 0: there is no such name.
  std::uint64_t look_up(std::uint64_t directory, const std::string& name);
  // What is behind a number; nothing if the kernel should not know it any more.
  std::optional<InstantNode> find(std::uint64_t number) const;
  // Takes back so many look-ups.
  void forget(std::uint64_t number, std::uint64_t lookups);

  // Of the root, always known.
  static constexpr std::uint64_t kRoot = 1;

  static std::uint64_t inode_of(const std::string& path);
  static std::string path_below(const std::string& directory, const std::string& name);

  // Numbers known, with the root.
  std::size_t known() const;

 private:
  struct Known {
    InstantNode node;
    std::uint64_t lookups = 0;
  };

  const InstantTree& tree_;
  mutable std::mutex mutex_;
  std::uint64_t next_ = kRoot + 1;
  std::unordered_map<std::uint64_t, Known> nodes_;
  std::unordered_map<std::string, std::uint64_t> numbers_;  // by path
};

}  // namespace powercut
