// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/f2fs_owners.h"

#include "base/fd.h"
#include "checkers/claimed_owners.h"
#include "checkers/f2fs_dump.h"
#include "checkers/f2fs_node.h"
#include "checkers/fresh_directory.h"
#include "checkers/inode_names.h"
#include "checkers/owner_tool.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

namespace {

using Block = std::array<std::byte, f2fs::kBlockBytes>;

class F2fsReader {
 public:
  F2fsReader(const BlockSource& disk, const F2fsLayout& layout,
             std::vector<F2fsNodePlace> nodes)
      : disk_(disk),
        layout_(layout),
        nodes_(std::move(nodes)),
        names_({0, layout.root}),
        claims_(std::min(layout.blocks * f2fs::kBlockBytes, disk.size_bytes())) {}

  std::unique_ptr<const BlockOwners> read(const std::vector<F2fsRun>& used) && {
    claim_areas();
    read_inodes();
    for (const F2fsNodePlace& place : nodes_) {
      claim_node(place);
    }
    for (const F2fsRun& run : used) {
      claim(run.begin, run.end, "in use, but nothing readable leads to it");
    }
    if (!used.empty()) {
      claim(layout_.main, layout_.main_end, "free in the last checkpoint");
    }
    if (nodes_.empty() || used.empty()) {
      claims_.note("dump.f2fs does not tell all of f2fs in a way that is known here");
    }
    if (unread_ != 0) {
      claims_.note(fmt::format("{} nodes of f2fs are not what its table says", unread_));
    }
    return std::move(claims_).finish(used.empty() ? "not known: free, or not readable"
                                                  : "in no area");
  }

 private:
  void claim(std::uint64_t begin, std::uint64_t end, const std::string& what) {
    claims_.claim({begin * f2fs::kBlockBytes, end * f2fs::kBlockBytes}, what);
  }

  void claim_areas() {
    const std::uint64_t second = layout_.checkpoints + layout_.segment_blocks;
    claim(0, 1, "superblock 0");
    claim(1, 2, "superblock 1");
    claim(2, layout_.checkpoints, "unused room behind superblocks");
    claim(layout_.checkpoints, std::min(second, layout_.segment_table),
          "checkpoint pack 0");
    claim(second, layout_.segment_table, "checkpoint pack 1");
    claim(layout_.segment_table, layout_.node_table, "segment information table (SIT)");
    claim(layout_.node_table, layout_.summaries, "node address table (NAT)");
    claim(layout_.summaries, layout_.main, "segment summary area (SSA)");
  }

  bool in_main(std::uint64_t block) const {
    return block >= layout_.main && block < layout_.main_end &&
           (block + 1) * f2fs::kBlockBytes <= disk_.size_bytes();
  }

  Block block_at(std::uint64_t block) const {
    Block bytes{};
    disk_.read(block * f2fs::kBlockBytes, bytes);
    return bytes;
  }

  // The node if it is one that its place in the table speaks of.
  std::optional<F2fsNode> node_in(const F2fsNodePlace& place, const Block& bytes) const {
    const F2fsNode node = read_f2fs_node(bytes);
    const bool same = node.number == place.node && node.inode == place.inode;
    return same ? std::optional(node) : std::nullopt;
  }

  // Inodes first, for names are needed to tell what their blocks are.
  void read_inodes() {
    for (const F2fsNodePlace& place : nodes_) {
      if (!in_main(place.block)) {
        continue;
      }
      const Block bytes = block_at(place.block);
      if (!node_in(place, bytes)) {
        ++unread_;
      } else if (place.node == place.inode) {
        F2fsInode inode = read_f2fs_inode(bytes, layout_.flexible_inline_attributes);
        add_names(place.inode, inode.entries);
        inode.entries.clear();
        inode.addresses.clear();
        inodes_[place.inode] = std::move(inode);
      }
    }
    for (const F2fsNodePlace& place : nodes_) {
      const auto inode = inodes_.find(place.inode);
      if (inode != inodes_.end() && S_ISDIR(inode->second.mode)) {
        for (const auto& [block, in_file] : blocks_of(place, inode->second)) {
          const Block bytes = block_at(block);
          add_names(place.inode, read_f2fs_directory(bytes));
        }
      }
    }
  }

  void add_names(std::uint32_t directory, const std::vector<F2fsEntry>& entries) {
    for (const F2fsEntry& entry : entries) {
      if (!names_.add({0, entry.inode}, {0, directory}, entry.name)) {
        claims_.note("f2fs has more names than are kept here");
      }
    }
  }

  // Blocks that a node has addresses of, and which block of the file each is.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks_of(
      const F2fsNodePlace& place, const F2fsInode& inode) const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks;
    if (!in_main(place.block)) {
      return blocks;
    }
    const Block bytes = block_at(place.block);
    const std::optional<F2fsNode> node = node_in(place, bytes);
    const std::optional<std::uint64_t> first =
        node ? f2fs_first_block(node->offset, inode.address_count) : std::nullopt;
    if (!first || node->offset == f2fs::kAttributeNode) {
      return blocks;
    }
    const bool is_inode = place.node == place.inode;
    const std::vector<std::uint32_t> addresses =
        is_inode ? read_f2fs_inode(bytes, layout_.flexible_inline_attributes).addresses
                 : read_f2fs_addresses(bytes);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      if (in_main(addresses[i])) {
        blocks.emplace_back(addresses[i], *first + i);
      }
    }
    return blocks;
  }

  void claim_node(const F2fsNodePlace& place) {
    const auto inode = inodes_.find(place.inode);
    if (inode == inodes_.end() || !in_main(place.block)) {
      return;
    }
    const Block bytes = block_at(place.block);
    const std::optional<F2fsNode> node = node_in(place, bytes);
    if (!node) {
      return;
    }
    const std::uint16_t mode = inode->second.mode;
    const std::string text = names_.text_of({0, place.inode}, mode);
    const char* const what = place.node == place.inode              ? "inode of "
                             : node->offset == f2fs::kAttributeNode ? "attributes of "
                                                                    : "block map of ";
    claim(place.block, place.block + 1, what + text);
    const OwnerClaims::Owner owner = claims_.owner(text);
    const bool placed = S_ISREG(mode) && !inode->second.compressed;
    for (const auto& [block, in_file] : blocks_of(place, inode->second)) {
      claims_.claim({block * f2fs::kBlockBytes, (block + 1) * f2fs::kBlockBytes}, owner,
                    placed ? std::optional(in_file * f2fs::kBlockBytes) : std::nullopt);
    }
  }

  const BlockSource& disk_;
  const F2fsLayout& layout_;
  std::vector<F2fsNodePlace> nodes_;
  std::map<std::uint32_t, F2fsInode> inodes_;
  InodeNames names_;
  OwnerClaims claims_;
  std::size_t unread_ = 0;
};

// Empty if it is not there.
std::string content_of(const std::filesystem::path& path) {
  constexpr std::uint64_t kMost = 256 << 20;
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) {
    return "";
  }
  std::string text(std::min<std::uintmax_t>(size, kMost), '\0');
  const Result<Fd> fd = Fd::open(path, O_RDONLY);
  if (!fd || !read_fully(*fd, std::as_writable_bytes(std::span(text)), 0, path)) {
    return "";
  }
  return text;
}

}  // namespace

std::unique_ptr<const BlockOwners> f2fs_owners(const BlockSource& disk,
                                               std::string_view output,
                                               std::string_view nodes,
                                               std::string_view segments) {
  const std::optional<F2fsLayout> layout = parse_f2fs_layout(output);
  if (!layout) {
    return unknown_owners("dump.f2fs tells no superblock that makes sense");
  }
  return F2fsReader(disk, *layout, parse_f2fs_nodes(nodes))
      .read(parse_f2fs_used(segments, *layout));
}

Result<std::unique_ptr<const BlockOwners>> read_f2fs_owners(
    const std::filesystem::path& image, const BlockSource& disk,
    const std::filesystem::path& scratch) {
  PC_RETURN_IF_ERROR(find_owner_tool("dump.f2fs", "f2fs-tools"));
  PC_ASSIGN_OR_RETURN(const FreshDirectory directory,
                      FreshDirectory::make(scratch / "dump"));
  PC_ASSIGN_OR_RETURN(
      const OwnerToolRun run,
      run_owner_tool({"dump.f2fs", "-d", "1", "-n", "0~-1", "-s", "0~-1", image.string()},
                     directory.path()));
  return f2fs_owners(disk, run.output, content_of(directory.path() / "dump_nat"),
                     content_of(directory.path() / "dump_sit"));
}

}  // namespace powercut
