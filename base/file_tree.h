// SPDX-License-Identifier: GPL-2.0-only
//
// What a file system holds, as names and attributes: what two recoveries of one state
// must agree on. No times and no free space: recovery may rightly change those. For the
// same reason the numbers of inodes and what files have allocated are told, but belong
// neither to equality nor to lines, digests and differences.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

// A piece of a file that has blocks of its own. Touching pieces of one kind are one.
struct FileExtent {
  std::uint64_t offset_bytes = 0;  // in the file
  std::uint64_t length_bytes = 0;
  bool unwritten = false;  // reads as zeros

  bool operator==(const FileExtent&) const = default;
};

struct FileNode {
  std::string path;        // "/", "/a/b"; raw bytes
  std::uint32_t mode = 0;  // type and permissions, as in stat(2)
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t links = 0;       // 0: not told (directories of some file systems)
  std::uint64_t size_bytes = 0;  // regular files and symbolic links; else 0
  std::uint64_t device = 0;      // of device nodes: major << 32 | minor
  std::string target;            // of a symbolic link
  std::vector<std::pair<std::string, std::string>> attributes;  // xattrs, by name
  std::vector<FileExtent> extents;    // regular files; by offset, within the size
  std::uint64_t inode = 0;            // its number; 0: not told
  std::uint64_t allocated_bytes = 0;  // what it has in blocks, beyond its size too

  // Of all but `inode` and `allocated_bytes`.
  bool operator==(const FileNode& other) const;
};

using FileTree = std::vector<FileNode>;  // by path, each path once

// "/a/b file 0644 0:0 links 1 size 8192 extents 0+8192 user.x=..."; one line, whatever
// bytes are in names: those that do not print are escaped.
std::string to_line(const FileNode& node);

// A text that is printable and one line.
std::string escape_name(std::string_view bytes);

// Of all lines: equal trees have equal digests.
std::string digest_of(const FileTree& tree);

// Merges touching extents of a kind, cuts them at the size, and sorts by path: what a
// walk does in the end.
void normalise(FileTree& tree);

// The differences, a line each, at most `most`: "only in A: ...", "only in B: ...",
// "differs: LINE | LINE". Empty: equal.
std::vector<std::string> differences(const FileTree& a, const FileTree& b,
                                     std::string_view name_a, std::string_view name_b,
                                     std::size_t most);

}  // namespace powercut
