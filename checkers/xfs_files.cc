// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/xfs_files.h"

#include "checkers/xfs_tree.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <optional>
#include <utility>

namespace powercut {

namespace {

constexpr std::size_t kMostExtents = 4 << 20;
constexpr std::size_t kMostDirectoryBlocks = 400'000;  // more than xfs_db is asked
constexpr std::uint64_t kDirectoryEnd = std::uint64_t{32} << 30;  // behind it: indexes

class FileReader {
 public:
  FileReader(XfsDb& db, const XfsLayout& layout, XfsFiles& files)
      : db_(db), layout_(layout), files_(files) {}

  Status read(const std::vector<std::uint64_t>& numbers) {
    std::vector<XfsQuestion> questions;
    questions.reserve(numbers.size());
    for (const std::uint64_t number : numbers) {
      questions.push_back(
          {{fmt::format("inode {}", number)}, layout_.inode_at(number).value_or(0)});
    }
    std::vector<XfsTreeBlock> maps;
    PC_ASSIGN_OR_RETURN(const auto answers, db_.ask(questions));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (answers[i]) {
        take_inode(numbers[i], *answers[i], maps);
      } else {
        ++files_.unread;
      }
    }
    PC_RETURN_IF_ERROR(read_maps(std::move(maps)));
    return read_directories();
  }

 private:
  void take_inode(std::uint64_t number, const XfsPrint& print,
                  std::vector<XfsTreeBlock>& maps) {
    constexpr std::uint64_t kMagic = 0x494e;
    const std::uint64_t mode = print.number_or("core.mode", 0);
    if (print.number("core.magic") != kMagic || mode == 0 || mode > 0177777) {
      ++files_.unread;
      return;
    }
    XfsInode& inode = files_.inodes[number];
    inode.mode = static_cast<std::uint32_t>(mode);
    inode.realtime = print.number_or("core.realtime", 0) != 0;
    add_names(number, print);
    for (const char* const fork : {"u3", "u", "a"}) {
      const bool attributes = fork[0] == 'a';
      const std::string name = fork;
      if (const XfsTable* const extents = print.table(name + ".bmx")) {
        take_extents(inode, *extents, attributes);
      }
      const auto level = print.number(name + ".bmbt.level");
      const XfsTable* const pointers = print.table(name + ".bmbt.ptrs");
      if (!level || *level == 0 || pointers == nullptr) {
        continue;
      }
      for (const std::vector<std::uint64_t>& row : pointers->rows) {
        maps.push_back(
            {row[0], *level - 1, attributes ? "bmapbta" : "bmapbtd", false, number});
      }
    }
  }

  Status read_maps(std::vector<XfsTreeBlock> roots) {
    XfsTreeVisitor visitor;
    visitor.block = [this](const XfsTreeBlock& block, const ByteRange& /*place*/) {
      add(files_.inodes[block.owner], {0, block.number, 1, XfsExtent::Kind::kMap});
    };
    visitor.leaf = [this](const XfsTreeBlock& block, const XfsTable& records) {
      take_extents(files_.inodes[block.owner], records, block.type == "bmapbta");
    };
    return walk_xfs_trees(db_, layout_, std::move(roots), visitor, files_.unread);
  }

  // A block of a directory may be several of the file system, which lie anywhere.
  Status read_directories() {
    std::vector<XfsQuestion> questions;
    std::vector<std::uint64_t> directories;
    for (const auto& [number, inode] : files_.inodes) {
      if (!S_ISDIR(inode.mode)) {
        continue;
      }
      for (const XfsExtent& extent : inode.extents) {
        if (extent.kind == XfsExtent::Kind::kContent) {
          ask_directory(number, extent, questions, directories);
        }
      }
    }
    PC_ASSIGN_OR_RETURN(const auto answers, db_.ask(questions));
    for (std::size_t i = 0; i < directories.size(); ++i) {
      if (answers[i]) {
        add_names(directories[i], *answers[i]);
      } else {
        ++files_.unread;
      }
    }
    return {};
  }

  void ask_directory(std::uint64_t number, const XfsExtent& extent,
                     std::vector<XfsQuestion>& questions,
                     std::vector<std::uint64_t>& directories) {
    const std::uint64_t step = layout_.directory_blocks;
    const std::uint64_t behind = kDirectoryEnd / layout_.block_bytes;
    for (std::uint64_t i = (step - extent.in_file % step) % step;
         i < extent.count && extent.in_file + i < behind; i += step) {
      if (questions.size() >= kMostDirectoryBlocks) {
        return;
      }
      questions.push_back({{fmt::format("inode {}", number),
                            fmt::format("dblock {}", extent.in_file + i)},
                           *layout_.block_at(extent.block + i)});
      directories.push_back(number);
    }
  }

  void take_extents(XfsInode& inode, const XfsTable& table, bool attributes) {
    const auto in_file = table.column("startoff");
    const auto start = table.column("startblock");
    const auto count = table.column("blockcount");
    if (!in_file || !start || !count || (inode.realtime && !attributes)) {
      return;
    }
    for (const std::vector<std::uint64_t>& row : table.rows) {
      add(inode, {row[*in_file], row[*start], row[*count],
                  attributes ? XfsExtent::Kind::kAttributes : XfsExtent::Kind::kContent});
    }
  }

  void add(XfsInode& inode, const XfsExtent& extent) {
    constexpr std::uint64_t kMostBlocks = std::uint64_t{1} << 54;
    if (!layout_.blocks_at(extent.block, extent.count) || extent.in_file > kMostBlocks ||
        extents_ >= kMostExtents) {
      ++files_.unread;
      return;
    }
    inode.extents.push_back(extent);
    ++extents_;
  }

  void add_names(std::uint64_t directory, const XfsPrint& print) {
    if (!S_ISDIR(files_.inodes[directory].mode)) {
      return;
    }
    for (const XfsEntry& entry : print.entries()) {
      if (!files_.names.add({0, entry.inode}, {0, directory}, entry.name)) {
        files_.names_left_out = true;
      }
    }
  }

  XfsDb& db_;
  const XfsLayout& layout_;
  XfsFiles& files_;
  std::size_t extents_ = 0;
};

}  // namespace

Status read_xfs_files(XfsDb& db, const XfsLayout& layout,
                      const std::vector<std::uint64_t>& numbers, XfsFiles& files) {
  return FileReader(db, layout, files).read(numbers);
}

}  // namespace powercut
