// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/ext2_files.h"

#include "checkers/ext2_inode.h"
#include "checkers/ext2_io.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace powercut {

namespace {

struct Entry {
  std::string name;
  ext2_ino_t inode = 0;
};

class Walk {
 public:
  explicit Walk(const Ext2Disk& disk) : disk_(disk) {}

  // Every name, in no order. Inodes are read once, whatever the number of their names.
  Status run() {
    std::vector<std::pair<std::string, ext2_ino_t>> pending{{"/", EXT2_ROOT_INO}};
    while (!pending.empty()) {
      const std::pair<std::string, ext2_ino_t> next = std::move(pending.back());
      pending.pop_back();
      PC_ASSIGN_OR_RETURN(const Ext2Inode* inode, inode_of(next.second));
      names_.emplace_back(next.first, inode);
      if (!inode->is_directory()) {
        continue;
      }
      if (!directories_.insert(next.second).second) {
        return fail(ErrorKind::kBadInput,
                    fmt::format("{}: a second name of a directory (inode {})",
                                escape_name(next.first), next.second));
      }
      PC_ASSIGN_OR_RETURN(std::vector<Entry> entries, entries_of(next.second));
      // By number, the lowest is taken first: a block of the inode table has several, and
      // libext2fs remembers one block.
      std::sort(entries.begin(), entries.end(),
                [](const Entry& a, const Entry& b) { return a.inode > b.inode; });
      const std::string prefix = next.first == "/" ? "/" : next.first + "/";
      for (const Entry& entry : entries) {
        pending.emplace_back(prefix + entry.name, entry.inode);
      }
    }
    std::sort(names_.begin(), names_.end(),
              [](const Name& a, const Name& b) { return a.first < b.first; });
    return {};
  }

  using Name = std::pair<std::string, const Ext2Inode*>;

  // By path.
  const std::vector<Name>& names() const { return names_; }

 private:
  Result<const Ext2Inode*> inode_of(ext2_ino_t number) {
    std::unique_ptr<Ext2Inode>& known = inodes_[number];
    if (known == nullptr) {
      PC_ASSIGN_OR_RETURN(Ext2Inode inode, read_ext2_inode(disk_, number));
      known = std::make_unique<Ext2Inode>(std::move(inode));
    }
    return known.get();
  }

  Result<std::vector<Entry>> entries_of(ext2_ino_t directory) {
    std::vector<Entry> entries;
    const errcode_t code = ext2fs_dir_iterate2(
        disk_.fs(), directory, 0, nullptr,
        [](ext2_ino_t /*dir*/, int /*entry*/, ext2_dir_entry* entry, int /*offset*/,
           int /*blocksize*/, char* /*buffer*/, void* to) {
          const std::string_view name(
              entry->name, static_cast<std::size_t>(ext2fs_dirent_name_len(entry)));
          if (name != "." && name != "..") {
            static_cast<std::vector<Entry>*>(to)->push_back(
                {std::string(name), entry->inode});
          }
          return 0;
        },
        &entries);
    if (code != 0) {
      return fail(disk_.error(code, fmt::format("directory inode {}", directory)));
    }
    return entries;
  }

  const Ext2Disk& disk_;
  std::map<ext2_ino_t, std::unique_ptr<Ext2Inode>> inodes_;
  std::set<ext2_ino_t> directories_;
  std::vector<Name> names_;
};

Ext2DataUnit unit_at(const std::string& path, const Ext2Inode& inode,
                     std::uint32_t unit_bytes, std::uint64_t offset_bytes) {
  Ext2DataUnit unit;
  unit.path = path;
  unit.inode = inode.number;
  unit.generation = inode.generation;
  unit.offset_bytes = offset_bytes;
  unit.length_bytes = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(unit_bytes, inode.node.size_bytes - offset_bytes));
  return unit;
}

// Adds the units of inline content: it has a few hundred bytes, or at most what an inode
// and the blocks of its attributes have room for.
void add_inline_units(const std::string& path, const Ext2Inode& inode,
                      std::uint32_t unit_bytes, std::vector<Ext2DataUnit>& units) {
  const std::string& content = inode.inline_content;
  for (std::size_t at = 0; at < content.size(); at += unit_bytes) {
    units.push_back(unit_at(path, inode, unit_bytes, at));
    units.back().inline_content = content.substr(at, unit_bytes);
  }
}

// Adds the units of a file, in one pass over its runs.
void add_units(const std::string& path, const Ext2Inode& inode, std::uint32_t unit_bytes,
               std::vector<Ext2DataUnit>& units) {
  const std::uint64_t size = inode.node.size_bytes;
  std::uint64_t begun = UINT64_MAX;  // the offset of the unit at the back, if ours
  for (const Ext2Run& run : inode.runs) {
    if (run.unwritten) {
      continue;
    }
    const std::uint64_t end = std::min(run.in_file + run.length, size);
    for (std::uint64_t at = run.in_file; at < end;) {
      const std::uint64_t offset = at / unit_bytes * unit_bytes;
      const std::uint64_t stop = std::min(end, offset + unit_bytes);
      if (begun != offset) {
        begun = offset;
        units.push_back(unit_at(path, inode, unit_bytes, offset));
      }
      units.back().pieces.push_back({run.on_disk + (at - run.in_file),
                                     static_cast<std::uint32_t>(at - offset),
                                     static_cast<std::uint32_t>(stop - at)});
      at = stop;
    }
  }
}

}  // namespace

Result<Ext2Files> read_ext2_files(const Subject& subject, std::size_t disk,
                                  const Ext2Units& wanted) {
  PC_ASSIGN_OR_RETURN(std::unique_ptr<Ext2Disk> opened, Ext2Disk::open(subject, disk));
  Walk walk(*opened);
  PC_RETURN_IF_ERROR(walk.run());
  Ext2Files files;
  std::set<std::uint64_t> listed;
  for (const Walk::Name& name : walk.names()) {
    const Ext2Inode& inode = *name.second;
    files.tree.push_back(inode.node);
    files.tree.back().path = name.first;
    if (wanted.unit_bytes == 0 || !inode.is_file() ||
        !listed.insert(inode.number).second) {
      continue;
    }
    add_units(name.first, inode, wanted.unit_bytes, files.units);
    if (wanted.inline_too) {
      add_inline_units(name.first, inode, wanted.unit_bytes, files.units);
    }
  }
  normalise(files.tree);
  return files;
}

Result<std::vector<std::byte>> read_unit(const Subject& subject, std::size_t disk,
                                         const Ext2DataUnit& unit) {
  std::vector<std::byte> bytes(unit.length_bytes);
  std::memcpy(bytes.data(), unit.inline_content.data(), unit.inline_content.size());
  for (const Ext2Piece& piece : unit.pieces) {
    PC_RETURN_IF_ERROR(subject.read(
        disk, piece.on_disk, std::span(bytes).subspan(piece.in_unit, piece.length)));
  }
  return bytes;
}

}  // namespace powercut
