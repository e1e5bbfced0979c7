// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/btrfs_dump.h"

#include "checkers/text_cursor.h"

#include <optional>
#include <string>
#include <utility>

namespace powercut {

namespace {

constexpr std::size_t kMostPieces = 4 << 20;

// "12 key (257 EXTENT_DATA 0) itemoff 16 itemsize 53", behind "\titem ".
struct Item {
  std::uint64_t number = 0;
  std::string object;
  std::string type;
  std::string offset;
  std::uint64_t bytes = 0;
};

std::optional<std::uint64_t> numeric(const std::string& word) {
  TextCursor cursor(word);
  const std::optional<std::uint64_t> number = cursor.number();
  return number && cursor.at_end() ? number : std::nullopt;
}

// Trees that hold files, by what dump-tree calls them. 0: none of those.
std::uint64_t tree_number(const std::string& word) {
  if (word == "FS_TREE") {
    return btrfs::kFsTree;
  }
  if (word == "ROOT_TREE") {
    return btrfs::kRootTree;
  }
  const std::uint64_t number = numeric(word).value_or(0);
  return number == btrfs::kFsTree || number >= btrfs::kFirstInode ? number : 0;
}

class DumpReader {
 public:
  explicit DumpReader(std::string_view text) : in_(text) {}

  BtrfsDump read() {
    while (!in_.at_end()) {
      if (in_.take("\titem ")) {
        take_item();
      } else if (in_.take("leaf ")) {
        take_block(0);
      } else if (in_.take("node ")) {
        take_block(std::nullopt);
      } else if (!in_.starts_with("\t")) {
        take_section(in_.line());
      } else {
        in_.line();
      }
    }
    return std::move(dump_);
  }

 private:
  // "fs tree key (FS_TREE ROOT_ITEM 0) ", "log tree key (TREE_LOG ROOT_ITEM 256) ", "root
  // tree". Of a log of a tree, the files are those of the tree.
  void take_section(std::string_view line) {
    if (line == "root tree") {
      tree_ = btrfs::kRootTree;
      return;
    }
    if (line.find(" tree") == std::string_view::npos) {
      return;
    }
    TextCursor cursor(line);
    tree_ = 0;
    if (!cursor.skip_past(" key (")) {
      return;
    }
    const std::string object(cursor.until(' '));
    if (cursor.take("ROOT_ITEM ")) {
      const std::uint64_t offset = cursor.number().value_or(0);
      tree_ = object == "TREE_LOG" ? offset : tree_number(object);
      item_number_.reset();
    }
  }

  // "30605312 level 1 items 2 free space 491 generation 7 owner FS_TREE"; a second line
  // of each block tells something else.
  void take_block(std::optional<std::uint64_t> level) {
    TextCursor line(in_.line());
    const std::optional<std::uint64_t> logical = line.number();
    if (!level && line.take(" level ")) {
      level = line.number();
    }
    if (!logical || !level || !line.take(" items ") || !line.skip_past(" owner ")) {
      return;
    }
    item_number_.reset();
    if (dump_.blocks.size() < kMostPieces) {
      dump_.blocks.push_back({*logical, *level, std::string(line.rest())});
    }
  }

  static std::optional<Item> parse_item(std::string_view text) {
    TextCursor line(text);
    Item item;
    const std::optional<std::uint64_t> number = line.number();
    if (!number || !line.take(" key (")) {
      return std::nullopt;
    }
    item.number = *number;
    item.object = line.until(' ');
    item.type = line.until(' ');
    item.offset = line.until(')');
    if (!line.skip_past(" itemsize ")) {
      return std::nullopt;
    }
    item.bytes = line.number().value_or(0);
    return item;
  }

  void take_item() {
    const std::optional<Item> item = parse_item(in_.line());
    // What looks like an item within a text of somebody's does not go on counting.
    if (!item || (item_number_ && item->number != *item_number_ + 1)) {
      ++dump_.unread;
      return;
    }
    item_number_ = item->number;
    if (item->type == "CHUNK_ITEM") {
      take_chunk(*item);
    } else if (item->type == "EXTENT_ITEM" || item->type == "METADATA_ITEM") {
      take_used(*item);
    } else if (item->type == "ROOT_BACKREF") {
      take_subvolume(*item);
    } else if (item->type == "DIR_ITEM" || item->type == "DIR_INDEX") {
      skip_entries();
    } else if (tree_ != 0 && numeric(item->object)) {
      const InodeNames::Inode inode{tree_, *numeric(item->object)};
      if (item->type == "INODE_ITEM") {
        take_inode(inode);
      } else if (item->type == "INODE_REF") {
        take_names(inode, numeric(item->offset));
      } else if (item->type == "INODE_EXTREF") {
        take_names(inode, std::nullopt);
      } else if (item->type == "EXTENT_DATA") {
        take_extent(inode, numeric(item->offset));
      }
    }
  }

  // Lines of the item that is open; they begin with two tabs.
  bool in_item() const { return in_.starts_with("\t\t"); }

  void take_chunk(const Item& item) {
    BtrfsChunk chunk;
    chunk.logical = numeric(item.offset).value_or(0);
    while (in_item()) {
      TextCursor line(in_.line());
      if (line.take("\t\tlength ")) {
        chunk.length = line.number().value_or(0);
        chunk.stripe_bytes =
            line.skip_past(" stripe_len ") ? line.number().value_or(0) : 0;
        chunk.type = line.skip_past(" type ") ? std::string(line.rest()) : "";
      } else if (line.skip_past(" sub_stripes ")) {
        chunk.sub_stripes = line.number().value_or(0);
      } else if (line.take("\t\t\tstripe ") && line.skip_past(" devid ")) {
        const std::optional<std::uint64_t> device = line.number();
        const std::optional<std::uint64_t> offset =
            line.take(" offset ") ? line.number() : std::nullopt;
        if (device && offset) {
          chunk.stripes.push_back({*device, *offset});
        }
      }
    }
    if (chunk.length == 0 || chunk.stripes.empty() || chunk.type.empty()) {
      ++dump_.unread;
    } else if (dump_.chunks.size() < kMostPieces) {
      dump_.chunks.push_back(std::move(chunk));
    }
  }

  void take_used(const Item& item) {
    const std::optional<std::uint64_t> logical = numeric(item.object);
    const std::optional<std::uint64_t> length = numeric(item.offset);
    if (!logical || !length) {
      ++dump_.unread;
    } else if (dump_.used.size() < kMostPieces) {
      dump_.used.push_back({*logical, item.type == "METADATA_ITEM" ? 0 : *length});
    }
  }

  // "\t\troot backref key dirid 256 sequence 2 name sv": its length is that of the item
  // without what stands before the name.
  void take_subvolume(const Item& item) {
    constexpr std::uint64_t kHead = 18;
    const std::optional<std::uint64_t> tree = numeric(item.object);
    const std::uint64_t parent = tree_number(item.offset);
    if (!in_.take("\t\troot backref key dirid ") || !tree || parent == 0 ||
        item.bytes < kHead) {
      ++dump_.unread;
      return;
    }
    const std::optional<std::uint64_t> directory = in_.number();
    const bool has_name =
        in_.take(" sequence ") && in_.number() && in_.take(" name ") && directory;
    const std::optional<std::string> name =
        has_name ? take_name(item.bytes - kHead) : std::nullopt;
    if (name) {
      add_name({*tree, btrfs::kFirstInode}, {parent, *directory}, *name);
    }
  }

  // "\t\tindex 2 namelen 8 name: NAME", or with " parent 256" behind the index.
  void take_names(InodeNames::Inode inode, std::optional<std::uint64_t> directory) {
    while (in_.take("\t\tindex ")) {
      std::optional<std::uint64_t> parent = directory;
      if (in_.number() && in_.take(" parent ")) {
        parent = in_.number();
      }
      const std::optional<std::uint64_t> length =
          in_.take(" namelen ") ? in_.number() : std::nullopt;
      const std::optional<std::string> name =
          length && in_.take(" name: ") ? take_name(*length) : std::nullopt;
      if (!name || !parent) {
        ++dump_.unread;
        return;
      }
      if (*name != "..") {
        add_name(inode, {inode.tree, *parent}, *name);
      }
    }
  }

  // "\t\ttransid 7 data_len 0 name_len 8\n\t\tname: NAME": nothing but to get past it.
  void skip_entries() {
    while (in_item()) {
      TextCursor line(in_.line());
      if (line.skip_past(" name_len ") && in_.take("\t\tname: ")) {
        const std::optional<std::uint64_t> length = line.number();
        if (!length || !take_name(*length)) {
          return;
        }
      }
    }
  }

  // `length` bytes and the end of the line.
  std::optional<std::string> take_name(std::uint64_t length) {
    constexpr std::uint64_t kLongest = 65536;
    std::optional<std::string_view> name;
    if (length <= kLongest) {
      name = in_.bytes_and_line_end(length);
    }
    if (!name) {
      ++dump_.unread;
      in_.line();
      return std::nullopt;
    }
    return std::string(*name);
  }

  void add_name(InodeNames::Inode inode, InodeNames::Inode directory,
                const std::string& name) {
    if (!dump_.names.add(inode, directory, name)) {
      dump_.names_left_out = true;
    }
  }

  void take_inode(InodeNames::Inode inode) {
    while (in_item()) {
      TextCursor line(in_.line());
      if (line.take("\t\tblock group ") && line.skip_past(" mode ")) {
        const std::optional<std::uint64_t> mode = line.number(8);
        if (mode && *mode <= 0177777 && dump_.modes.size() < kMostPieces) {
          dump_.modes[inode] = static_cast<std::uint32_t>(*mode);
        }
      }
    }
  }

  void take_extent(InodeNames::Inode inode, std::optional<std::uint64_t> in_file) {
    BtrfsFileExtent extent;
    extent.inode = inode;
    extent.in_file = in_file.value_or(0);
    bool here = false;
    bool where = false;
    while (in_item()) {
      TextCursor line(in_.line());
      line.take("\t\t");
      if (line.take("extent data disk byte ") || line.take("prealloc data disk byte ")) {
        extent.logical = line.number().value_or(0);
        extent.extent_bytes = line.take(" nr ") ? line.number().value_or(0) : 0;
        here = extent.logical != 0;  // or else a hole
      } else if (line.take("extent data offset ") || line.take("prealloc data offset ")) {
        extent.offset = line.number().value_or(0);
        extent.length = line.take(" nr ") ? line.number().value_or(0) : 0;
        where = extent.length != 0;
      } else if (line.take("extent compression ")) {
        extent.compressed = line.number() != 0U;
      }
    }
    if (here && where && in_file && dump_.extents.size() < kMostPieces) {
      dump_.extents.push_back(extent);
    } else if (here) {
      ++dump_.unread;
    }
  }

  TextCursor in_;
  BtrfsDump dump_;
  std::uint64_t tree_ = 0;  // that holds files; 0: another
  std::optional<std::uint64_t> item_number_;
};

}  // namespace

BtrfsDump parse_btrfs_dump(std::string_view text) {
  return DumpReader(text).read();
}

}  // namespace powercut
