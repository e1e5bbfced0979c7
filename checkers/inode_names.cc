// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/inode_names.h"

#include "base/file_tree.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <vector>

namespace powercut {

bool InodeNames::add(Inode inode, Inode directory, std::string_view name) {
  constexpr std::size_t kMostBytes = 256 << 20;
  constexpr std::size_t kBytesEach = 128;
  if (bytes_ > kMostBytes) {
    return false;
  }
  if (inode != root_ && names_.try_emplace(inode, directory, name).second) {
    bytes_ += kBytesEach + name.size();
  }
  return true;
}

std::optional<std::string> InodeNames::path_of(Inode inode) const {
  constexpr int kMostLevels = 1000;  // names may form a circle
  if (inode == root_) {
    return "/";
  }
  std::vector<std::string_view> parts;
  for (int level = 0; level < kMostLevels && inode != root_; ++level) {
    const auto name = names_.find(inode);
    if (name == names_.end()) {
      return std::nullopt;
    }
    parts.push_back(name->second.second);
    inode = name->second.first;
  }
  if (inode != root_) {
    return std::nullopt;
  }
  std::string path;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    path += "/";
    path += *part;
  }
  return escape_name(path);
}

std::string InodeNames::text_of(Inode inode, std::uint32_t mode) const {
  const char* type = S_ISDIR(mode)   ? "directory"
                     : S_ISLNK(mode) ? "symbolic link"
                     : S_ISREG(mode) ? "file"
                                     : "special file";
  const std::optional<std::string> path = path_of(inode);
  return path ? fmt::format("{} {}", type, *path)
              : fmt::format("{} without a name (inode {})", type, inode.number);
}

}  // namespace powercut
