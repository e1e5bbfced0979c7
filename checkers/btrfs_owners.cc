// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/btrfs_owners.h"

#include "base/file_tree.h"
#include "checkers/btrfs_chunks.h"
#include "checkers/btrfs_dump.h"
#include "checkers/claimed_owners.h"
#include "checkers/owner_tool.h"
#include "checkers/text_cursor.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

namespace {

constexpr std::uint64_t kSuperblockBytes = 4096;
constexpr std::array<std::uint64_t, 3> kSuperblocks = {
    std::uint64_t{64} << 10, std::uint64_t{64} << 20, std::uint64_t{256} << 30};

struct TreeName {
  const char* id;
  const char* name;
};

constexpr std::array<TreeName, 12> kTreeNames = {{
    {"ROOT_TREE", "root tree"},
    {"EXTENT_TREE", "extent tree"},
    {"CHUNK_TREE", "chunk tree"},
    {"DEV_TREE", "device tree"},
    {"FS_TREE", "fs tree"},
    {"CSUM_TREE", "checksum tree"},
    {"QUOTA_TREE", "quota tree"},
    {"UUID_TREE", "uuid tree"},
    {"FREE_SPACE_TREE", "free space tree"},
    {"BLOCK_GROUP_TREE", "block group tree"},
    {"TREE_LOG", "log tree"},
    {"DATA_RELOC_TREE", "data relocation tree"},
}};

// Of a line "name\t\tvalue" of dump-super.
std::optional<std::uint64_t> field(std::string_view superblock, std::string_view name) {
  TextCursor cursor(superblock);
  while (!cursor.at_end()) {
    TextCursor line(cursor.line());
    if (line.take(name) && line.take("\t")) {
      while (line.take("\t")) {
      }
      return line.number();
    }
  }
  return std::nullopt;
}

class BtrfsReader {
 public:
  BtrfsReader(BtrfsDump dump, std::uint64_t device, std::uint64_t node_bytes,
              std::uint64_t end_bytes)
      : dump_(std::move(dump)),
        chunks_(std::move(dump_.chunks), device),
        node_bytes_(node_bytes),
        claims_(end_bytes) {}

  std::unique_ptr<const BlockOwners> read(std::uint64_t generation,
                                          const std::vector<std::string>& notes) && {
    for (std::size_t i = 0; i < kSuperblocks.size(); ++i) {
      claims_.claim({kSuperblocks[i], kSuperblocks[i] + kSuperblockBytes},
                    fmt::format("superblock {}", i));
    }
    for (const BtrfsTreeBlock& block : dump_.blocks) {
      claim(block.logical, node_bytes_,
            fmt::format("tree block of the {} (level {})", tree_name(block.owner),
                        block.level));
    }
    for (const BtrfsFileExtent& extent : dump_.extents) {
      claim_extent(extent);
    }
    for (const BtrfsUsed& used : dump_.used) {
      claim(used.logical, used.length == 0 ? node_bytes_ : used.length,
            "in use, but nothing readable leads to it");
    }
    for (const ByteRange& range : chunks_.used()) {
      claims_.claim(range, fmt::format("free in generation {}", generation));
    }
    add_notes(notes);
    return std::move(claims_).finish(chunks_.has_unknown()
                                         ? "not known: in no chunk that can be told"
                                         : "in no chunk");
  }

 private:
  std::string tree_name(const std::string& id) const {
    for (const TreeName& known : kTreeNames) {
      if (id == known.id) {
        return known.name;
      }
    }
    TextCursor cursor(id);
    const std::optional<std::uint64_t> number = cursor.number();
    if (!number || !cursor.at_end()) {
      return escape_name("tree " + id);
    }
    const std::optional<std::string> path =
        dump_.names.path_of({*number, btrfs::kFirstInode});
    return path ? "subvolume " + *path : fmt::format("subvolume {}", *number);
  }

  void claim(std::uint64_t logical, std::uint64_t length, const std::string& what) {
    for (const BtrfsChunks::Place& place : chunks_.places(logical, length)) {
      claims_.claim(place.range, what);
    }
  }

  void claim_extent(const BtrfsFileExtent& extent) {
    constexpr std::uint64_t kFarthest = std::uint64_t{1} << 62;
    if (extent.offset > kFarthest || extent.length > kFarthest ||
        extent.logical > kFarthest || extent.in_file > kFarthest) {
      return;
    }
    if (extent.inode.tree == btrfs::kRootTree) {
      claim(extent.logical, extent.extent_bytes, "free space cache");
      return;
    }
    const auto mode = dump_.modes.find(extent.inode);
    const std::uint32_t is = mode == dump_.modes.end() ? S_IFREG : mode->second;
    const std::string text = dump_.names.text_of(extent.inode, is);
    if (extent.compressed) {
      claim(extent.logical, extent.extent_bytes,
            fmt::format("{}, compressed from byte {}", text, extent.in_file));
      return;
    }
    const OwnerClaims::Owner owner = claims_.owner(text);
    const std::uint64_t begin = extent.logical + extent.offset;
    for (const BtrfsChunks::Place& place : chunks_.places(begin, extent.length)) {
      claims_.claim(place.range, owner,
                    S_ISREG(is) ? std::optional(extent.in_file + place.logical - begin)
                                : std::nullopt);
    }
  }

  void add_notes(const std::vector<std::string>& notes) {
    for (const std::string& note : notes) {
      claims_.note(note);
    }
    if (dump_.blocks.empty()) {
      claims_.note("btrfs tells no tree of this disk");
    }
    if (chunks_.has_unknown()) {
      claims_.note("what lies in chunks of btrfs with parity is not told");
    }
    if (dump_.unread != 0) {
      claims_.note(fmt::format(
          "{} items of btrfs are told in a way that is not known here", dump_.unread));
    }
    if (dump_.names_left_out) {
      claims_.note("btrfs has more names than are kept here");
    }
  }

  BtrfsDump dump_;
  BtrfsChunks chunks_;
  std::uint64_t node_bytes_;
  OwnerClaims claims_;
};

std::unique_ptr<const BlockOwners> owners_from(std::string_view superblock,
                                               std::string_view trees,
                                               std::uint64_t disk_bytes,
                                               const std::vector<std::string>& notes) {
  const std::uint64_t node_bytes = field(superblock, "nodesize").value_or(0);
  const std::uint64_t device = field(superblock, "dev_item.devid").value_or(0);
  const std::uint64_t end = field(superblock, "dev_item.total_bytes").value_or(0);
  if (node_bytes < 512 || node_bytes > 1 << 20 || device == 0 || end == 0) {
    return unknown_owners("btrfs tells no superblock that makes sense", notes);
  }
  return BtrfsReader(parse_btrfs_dump(trees), device, node_bytes,
                     std::min(end, disk_bytes))
      .read(field(superblock, "generation").value_or(0), notes);
}

}  // namespace

std::unique_ptr<const BlockOwners> btrfs_owners(std::string_view superblock,
                                                std::string_view trees,
                                                std::uint64_t disk_bytes) {
  return owners_from(superblock, trees, disk_bytes, {});
}

// --noscan: or else it looks for more devices of a file system of several on this
// machine.
Result<std::unique_ptr<const BlockOwners>> read_btrfs_owners(
    const std::filesystem::path& image, std::uint64_t disk_bytes) {
  PC_RETURN_IF_ERROR(find_owner_tool("btrfs", "btrfs-progs"));
  const auto inspect = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"btrfs", "inspect-internal"});
    words.push_back(image.string());
    return run_owner_tool(std::move(words), image.parent_path());
  };
  PC_ASSIGN_OR_RETURN(const OwnerToolRun superblock, inspect({"dump-super"}));
  PC_ASSIGN_OR_RETURN(OwnerToolRun trees, inspect({"dump-tree", "--noscan"}));
  std::vector<std::string> notes;
  if (trees.exit_code != 0) {
    notes.push_back(
        fmt::format("what lies where is not told of all of btrfs: dump-tree gave exit "
                    "code {}",
                    trees.exit_code));
  }
  if (!trees.whole) {
    trees.output.resize(trees.output.size() / 2 - 4096);  // before the cut
    notes.emplace_back("what lies where is not told of all of btrfs: it is too much");
  }
  return owners_from(superblock.output, trees.output, disk_bytes, notes);
}

}  // namespace powercut
