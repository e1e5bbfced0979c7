// SPDX-License-Identifier: GPL-2.0-only
//
// Which names exist while a workload is done, and whether its next operation succeeds on
// a POSIX file system: what a generator needs to make valid workloads. It knows names,
// types, sizes, attributes and handles; no content and no crash.
//
// Stricter than POSIX where file systems differ: it refuses clones, ranges that are
// collapsed, inserted or unshared, device nodes, direct writes that are not of whole
// 4096-byte blocks, and an msync that is not right behind its mmap-write.

#pragma once

#include "workload/operation.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

class NameModel {
 public:
  enum class Kind : std::uint8_t { kFile, kDirectory, kSymlink, kFifo };

  struct Node {
    Kind kind = Kind::kFile;
    std::uint64_t size_bytes = 0;
    std::set<std::string> attributes;
  };

  // Null if there is nothing of that name. "/" is the root. Symbolic links are not
  // followed.
  const Node* find(const std::string& path) const;
  // Null if the handle is not open.
  const Node* find_handle(const std::string& handle) const;

  bool has(const std::string& path, Kind kind) const;

  // Paths of what is right in a directory, in the order in which they were made.
  std::vector<std::string> children(const std::string& directory) const;

  // Does the operation. False, and nothing is changed, if it would fail.
  bool apply(const Operation& operation);

 private:
  struct Handle {
    std::size_t node = 0;
    OpenFlags flags;
  };

  struct Entry {
    std::size_t node = 0;
    std::size_t made = 0;  // counted
  };

  std::optional<std::size_t> node_of(const Operation& operation) const;
  bool can_be_made(const std::string& path) const;
  bool make(const std::string& path, Kind kind);
  bool remove(const std::string& path, bool directory);
  bool link(const Operation& operation);
  bool rename(const Operation& operation);
  bool exchange(const std::string& one, const std::string& other);
  void move(const std::string& from, const std::string& to);
  bool open(const Operation& operation);
  bool write(const Operation& operation);
  bool change_file(const Operation& operation);
  bool change_attributes(const Operation& operation);
  bool is_mapped(const Operation& operation) const;

  std::vector<Node> nodes_ = {Node{Kind::kDirectory, 0, {}}};
  std::map<std::string, Entry> names_ = {{"/", {}}};
  std::size_t names_made_ = 0;
  std::map<std::string, Handle> handles_;
  Operation last_mapped_;  // the operation before, if it was an mmap-write
};

// "A/C" of "A/C/foo", "/" of "foo".
std::string parent_path(const std::string& path);

}  // namespace powercut
