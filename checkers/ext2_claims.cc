// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/ext2_claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace powercut {

namespace {

using Kind = Ext2Claim::Kind;

struct CloseScan {
  void operator()(ext2_struct_inode_scan* scan) const { ext2fs_close_inode_scan(scan); }
};

class ClaimReader {
 public:
  explicit ClaimReader(const Ext2Disk& disk)
      : fs_(disk.fs()),
        raw_(
            std::max<std::size_t>(EXT2_INODE_SIZE(fs_->super), sizeof(ext2_inode_large)) /
                sizeof(std::uint64_t) +
            1) {}

  Ext2Claims read() {
    claims_.block_bytes = fs_->blocksize;
    claims_.blocks = ext2fs_blocks_count(fs_->super);
    claims_.inode_bytes = static_cast<std::uint32_t>(EXT2_INODE_SIZE(fs_->super));
    claims_.inodes_per_group = fs_->super->s_inodes_per_group;
    claims_.needs_recovery = ext2fs_has_feature_journal_needs_recovery(fs_->super) != 0;
    if (fs_->super->s_first_data_block > 0) {
      claims_.add(0, fs_->super->s_first_data_block, {Kind::kBoot});
    }
    for (dgrp_t group = 0; group < fs_->group_desc_count; ++group) {
      add_group(group);
    }
    if (ext2fs_has_feature_mmp(fs_->super) != 0) {
      claims_.add(fs_->super->s_mmp_block, fs_->super->s_mmp_block + 1,
                  {Kind::kMultipleMount});
    }
    scan_inodes();
    add_used();
    if (unread_ > 0) {
      claims_.notes.push_back(fmt::format(
          "{} inodes or directories of the file system could not be read", unread_));
    }
    return std::move(claims_);
  }

 private:
  void add_group(dgrp_t group) {
    blk64_t super = 0;
    blk64_t old_descriptors = 0;
    blk64_t new_descriptors = 0;
    blk_t used = 0;
    if (ext2fs_super_and_bgd_loc2(fs_, group, &super, &old_descriptors, &new_descriptors,
                                  &used) != 0) {
      return;
    }
    // Block 0 is a place for a superblock, and "none".
    if (super != 0 || group == 0) {
      claims_.add(super, super + 1, {Kind::kSuperblock, group});
    }
    if (old_descriptors != 0) {
      const bool meta = ext2fs_has_feature_meta_bg(fs_->super) != 0;
      const blk64_t count = meta ? fs_->super->s_first_meta_bg : fs_->desc_blocks;
      claims_.add(old_descriptors, old_descriptors + count, {Kind::kDescriptors, group});
      claims_.add(old_descriptors + count,
                  old_descriptors + count + fs_->super->s_reserved_gdt_blocks,
                  {Kind::kReserved, group});
    }
    if (new_descriptors != 0) {
      claims_.add(new_descriptors, new_descriptors + 1, {Kind::kDescriptors, group});
    }
    const blk64_t block_bitmap = ext2fs_block_bitmap_loc(fs_, group);
    const blk64_t inode_bitmap = ext2fs_inode_bitmap_loc(fs_, group);
    const blk64_t table = ext2fs_inode_table_loc(fs_, group);
    claims_.add(block_bitmap, block_bitmap + 1, {Kind::kBlockBitmap, group});
    claims_.add(inode_bitmap, inode_bitmap + 1, {Kind::kInodeBitmap, group});
    claims_.add(table, table + fs_->inode_blocks_per_group, {Kind::kInodeTable, group});
  }

  // What the file system keeps an inode for, if for itself.
  std::string role_of(ext2_ino_t number, std::uint32_t flags) const {
    const ext2_super_block& super = *fs_->super;
    const std::array<std::pair<ext2_ino_t, const char*>, 7> known = {
        {{EXT2_BAD_INO, "bad blocks"},
         {EXT2_RESIZE_INO, "room for group descriptors"},
         {super.s_journal_inum, "journal"},
         {super.s_usr_quota_inum, "quota of users"},
         {super.s_grp_quota_inum, "quota of groups"},
         {super.s_prj_quota_inum, "quota of projects"},
         {super.s_orphan_file_inum, "orphan file"}}};
    for (const std::pair<ext2_ino_t, const char*>& role : known) {
      if (role.first == number) {
        return role.second;
      }
    }
    return (flags & EXT4_EA_INODE_FL) != 0
               ? fmt::format("value of an extended attribute (inode {})", number)
               : "";
  }

  bool in_use(ext2_ino_t number, const ext2_inode& inode) const {
    return inode_bitmap_known_ ? ext2fs_test_inode_bitmap2(fs_->inode_map, number) != 0
                               : inode.i_links_count != 0;
  }

  void scan_inodes() {
    inode_bitmap_known_ = ext2fs_read_inode_bitmap(fs_) == 0;
    ext2_inode_scan opened = nullptr;
    if (ext2fs_open_inode_scan(fs_, 0, &opened) != 0) {
      ++unread_;
      return;
    }
    const std::unique_ptr<ext2_struct_inode_scan, CloseScan> scan(opened);
    auto* inode = reinterpret_cast<ext2_inode*>(raw_.data());
    for (;;) {
      ext2_ino_t number = 0;
      const errcode_t code = ext2fs_get_next_inode_full(
          opened, &number, inode, static_cast<int>(EXT2_INODE_SIZE(fs_->super)));
      if (code == EXT2_ET_BAD_BLOCK_IN_INODE_TABLE) {
        ++unread_;
        continue;
      }
      if (code != 0 && code != EXT2_ET_INODE_CSUM_INVALID) {
        ++unread_;
        return;
      }
      if (number == 0) {
        return;
      }
      if (!in_use(number, *inode)) {
        continue;
      }
      if (code != 0) {
        ++unread_;
        continue;
      }
      add_inode(number, *inode);
    }
  }

  void add_inode(ext2_ino_t number, ext2_inode& inode) {
    claims_.inodes[number] = {inode.i_mode, role_of(number, inode.i_flags)};
    if (LINUX_S_ISDIR(inode.i_mode)) {
      read_names(number);
    }
    const blk64_t attributes = ext2fs_file_acl_block(fs_, &inode);
    if (attributes != 0) {
      claims_.add(attributes, attributes + 1, {Kind::kAttributes, number});
    }
    if (ext2fs_inode_has_valid_blocks2(fs_, &inode) == 0 ||
        (inode.i_flags & EXT4_INLINE_DATA_FL) != 0) {
      return;
    }
    number_ = number;
    run_ = {};
    run_begin_ = 0;
    const errcode_t code = ext2fs_block_iterate3(
        fs_, number, BLOCK_FLAG_READ_ONLY, nullptr,
        [](ext2_filsys /*fs*/, blk64_t* block, e2_blkcnt_t in_file, blk64_t /*of*/,
           int /*offset*/, void* self) {
          static_cast<ClaimReader*>(self)->add_block(*block, in_file);
          return 0;
        },
        this);
    end_run();
    unread_ += code == 0 ? 0 : 1;
  }

  // One more block of the inode; a negative place in the file is one of its map.
  void add_block(blk64_t block, e2_blkcnt_t in_file) {
    const Kind kind = in_file < 0 ? Kind::kMap : Kind::kContent;
    const std::uint64_t place = in_file < 0 ? 0 : static_cast<std::uint64_t>(in_file);
    const bool next =
        run_.end == block && run_.claim.kind == kind &&
        (kind == Kind::kMap || run_.claim.in_file + (run_.end - run_begin_) == place);
    if (run_.end == 0 || !next) {
      end_run();
      run_begin_ = block;
      run_.claim = {kind, number_, place};
    }
    run_.end = block + 1;
  }

  void end_run() {
    if (run_.end > run_begin_) {
      claims_.add(run_begin_, run_.end, run_.claim);
    }
    run_ = {};
  }

  void read_names(ext2_ino_t directory) {
    directory_ = directory;
    const errcode_t code = ext2fs_dir_iterate2(
        fs_, directory, 0, nullptr,
        [](ext2_ino_t /*dir*/, int /*entry*/, ext2_dir_entry* entry, int /*offset*/,
           int /*blocksize*/, char* /*buffer*/, void* self) {
          const std::string_view name(
              entry->name, static_cast<std::size_t>(ext2fs_dirent_name_len(entry)));
          if (name != "." && name != "..") {
            ClaimReader& reader = *static_cast<ClaimReader*>(self);
            reader.claims_.names.try_emplace(
                entry->inode, Ext2Claims::Name{reader.directory_, std::string(name)});
          }
          return 0;
        },
        this);
    unread_ += code == 0 ? 0 : 1;
  }

  // Blocks that are in use and that nothing has claimed by now.
  void add_used() {
    claims_.bitmap_known = ext2fs_read_block_bitmap(fs_) == 0;
    if (!claims_.bitmap_known) {
      claims_.notes.emplace_back("the block bitmaps could not be read");
      return;
    }
    const blk64_t last = claims_.blocks - 1;
    blk64_t at = fs_->super->s_first_data_block;
    blk64_t begin = 0;
    while (at <= last &&
           ext2fs_find_first_set_block_bitmap2(fs_->block_map, at, last, &begin) == 0) {
      blk64_t end = 0;
      if (ext2fs_find_first_zero_block_bitmap2(fs_->block_map, begin, last, &end) != 0) {
        end = last + 1;
      }
      claims_.add(begin, end, {Kind::kUsed});
      at = end;
    }
  }

  ext2_filsys fs_;
  std::vector<std::uint64_t> raw_;  // an inode with room for all that is in it
  Ext2Claims claims_;
  bool inode_bitmap_known_ = false;
  std::uint64_t unread_ = 0;
  ext2_ino_t number_ = 0;     // whose blocks are being read
  ext2_ino_t directory_ = 0;  // whose names are
  std::uint64_t run_begin_ = 0;
  Ext2Claims::Run run_;
};

}  // namespace

Ext2Claims::Found Ext2Claims::find(std::uint64_t block) const {
  const auto after = runs.upper_bound(block);
  if (after != runs.begin()) {
    const auto run = std::prev(after);
    if (block < run->second.end) {
      return {run->first, run->second.end, run->second.claim};
    }
  }
  const std::uint64_t end = after == runs.end() ? blocks : after->first;
  return {block, end, {bitmap_known ? Kind::kFree : Kind::kNotKnown}};
}

void Ext2Claims::add(std::uint64_t begin, std::uint64_t end, Ext2Claim claim) {
  end = std::min(end, blocks);
  const std::uint64_t first = begin;
  while (begin < end) {
    const Found found = find(begin);
    const std::uint64_t stop = std::min(end, found.end);
    if (found.claim.kind == Kind::kFree || found.claim.kind == Kind::kNotKnown) {
      Ext2Claim part = claim;
      part.in_file = claim.in_file + (begin - first);
      runs[begin] = Run{stop, part};
    }
    begin = stop;
  }
}

Ext2Claims read_ext2_claims(const Ext2Disk& disk) {
  return ClaimReader(disk).read();
}

}  // namespace powercut
