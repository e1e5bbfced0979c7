// SPDX-License-Identifier: GPL-2.0-only
//
// Which names lead to which inodes, gathered in any order from directories that may hold
// anything: circles, two directories with one child, names without an inode.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace powercut {

class InodeNames {
 public:
  // An inode of a file system that has several trees of files; 0 where there is one.
  struct Inode {
    std::uint64_t tree = 0;
    std::uint64_t number = 0;

    auto operator<=>(const Inode&) const = default;
  };

  explicit InodeNames(Inode root) : root_(root) {}

  // `name` as raw bytes. The first name of an inode counts. False, and nothing is kept:
  // there are too many.
  bool add(Inode inode, Inode directory, std::string_view name);

  // "/a/b", one line whatever bytes are in names; nothing for what no name leads to.
  std::optional<std::string> path_of(Inode inode) const;

  // "file /a/b", "directory without a name (inode 12)". `mode` as in stat(2).
  std::string text_of(Inode inode, std::uint32_t mode) const;

 private:
  Inode root_;
  std::size_t bytes_ = 0;
  std::map<Inode, std::pair<Inode, std::string>> names_;
};

}  // namespace powercut
