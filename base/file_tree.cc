// SPDX-License-Identifier: GPL-2.0-only

#include "base/file_tree.h"

#include <fmt/format.h>

#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <string_view>
#include <tuple>

namespace powercut {

namespace {

std::string type_of(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "dir";
    case S_IFLNK:
      return "symlink";
    case S_IFCHR:
      return "char";
    case S_IFBLK:
      return "block";
    case S_IFIFO:
      return "fifo";
    case S_IFSOCK:
      return "socket";
    default:
      return fmt::format("type{:o}", mode & S_IFMT);
  }
}

std::string digest_of_bytes(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

// A value of an extended attribute may have 64 KiB; a long one is told by its digest.
std::string show_value(std::string_view value) {
  constexpr std::size_t kShown = 64;
  if (value.size() <= kShown) {
    return escape_name(value);
  }
  return fmt::format("({} bytes, {})", value.size(), digest_of_bytes(value));
}

std::string show_extents(const std::vector<FileExtent>& extents) {
  std::string text;
  for (const FileExtent& extent : extents) {
    text += fmt::format("{}{}+{}{}", text.empty() ? "" : ",", extent.offset_bytes,
                        extent.length_bytes, extent.unwritten ? "u" : "");
  }
  return text;
}

void normalise_extents(FileNode& node) {
  std::vector<FileExtent>& extents = node.extents;
  std::sort(extents.begin(), extents.end(), [](const FileExtent& a, const FileExtent& b) {
    return a.offset_bytes < b.offset_bytes;
  });
  std::vector<FileExtent> merged;
  for (FileExtent extent : extents) {
    if (extent.offset_bytes >= node.size_bytes) {
      continue;
    }
    extent.length_bytes =
        std::min(extent.length_bytes, node.size_bytes - extent.offset_bytes);
    if (!merged.empty() && merged.back().unwritten == extent.unwritten &&
        merged.back().offset_bytes + merged.back().length_bytes == extent.offset_bytes) {
      merged.back().length_bytes += extent.length_bytes;
    } else if (extent.length_bytes != 0) {
      merged.push_back(extent);
    }
  }
  extents = std::move(merged);
}

// What recoveries must agree on.
auto compared(const FileNode& node) {
  return std::tie(node.path, node.mode, node.uid, node.gid, node.links, node.size_bytes,
                  node.device, node.target, node.attributes, node.extents);
}

}  // namespace

bool FileNode::operator==(const FileNode& other) const {
  return compared(*this) == compared(other);
}

std::string escape_name(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && byte != '\\') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", byte);
    }
  }
  return text;
}

std::string to_line(const FileNode& node) {
  std::string line =
      fmt::format("{} {} {:04o} {}:{} links {}", escape_name(node.path),
                  type_of(node.mode), node.mode & 07777U, node.uid, node.gid, node.links);
  const std::uint32_t type = node.mode & S_IFMT;
  if (type == S_IFREG || type == S_IFLNK || node.size_bytes != 0) {
    line += fmt::format(" size {}", node.size_bytes);
  }
  if (node.device != 0) {
    line += fmt::format(" device {}:{}", node.device >> 32U, node.device & 0xffffffffU);
  }
  if (!node.target.empty()) {
    line += " -> " + escape_name(node.target);
  }
  if (!node.extents.empty()) {
    line += " extents " + show_extents(node.extents);
  }
  for (const std::pair<std::string, std::string>& attribute : node.attributes) {
    line += " " + escape_name(attribute.first) + "=" + show_value(attribute.second);
  }
  return line;
}

std::string digest_of(const FileTree& tree) {
  std::string lines;
  for (const FileNode& node : tree) {
    lines += to_line(node) + "\n";
  }
  return digest_of_bytes(lines);
}

void normalise(FileTree& tree) {
  for (FileNode& node : tree) {
    normalise_extents(node);
    std::sort(node.attributes.begin(), node.attributes.end());
  }
  std::sort(tree.begin(), tree.end(),
            [](const FileNode& a, const FileNode& b) { return a.path < b.path; });
}

std::vector<std::string> differences(const FileTree& a, const FileTree& b,
                                     std::string_view name_a, std::string_view name_b,
                                     std::size_t most) {
  std::vector<std::string> lines;
  std::size_t i = 0;
  std::size_t j = 0;
  while ((i < a.size() || j < b.size()) && lines.size() < most) {
    if (j == b.size() || (i < a.size() && a[i].path < b[j].path)) {
      lines.push_back(fmt::format("only in {}: {}", name_a, to_line(a[i++])));
    } else if (i == a.size() || b[j].path < a[i].path) {
      lines.push_back(fmt::format("only in {}: {}", name_b, to_line(b[j++])));
    } else {
      if (a[i] != b[j]) {
        lines.push_back(fmt::format("differs: {} | {}", to_line(a[i]), to_line(b[j])));
      }
      ++i;
      ++j;
    }
  }
  return lines;
}

}  // namespace powercut
