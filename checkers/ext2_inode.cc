// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/ext2_inode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace powercut {

namespace {

constexpr std::uint64_t kStatBlockBytes = 512;  // of st_blocks, whatever the disk has

struct FreeExtents {
  void operator()(ext2_extent_handle* handle) const { ext2fs_extent_free(handle); }
};

struct CloseAttributes {
  void operator()(ext2_xattr_handle* handle) const { ext2fs_xattrs_close(&handle); }
};

struct FreeMemory {
  void operator()(void* memory) const { ext2fs_free_mem(&memory); }
};

// An inode with room for all that is in it, extended attributes too.
class RawInode {
 public:
  explicit RawInode(ext2_filsys fs)
      : words_(
            std::max<std::size_t>(EXT2_INODE_SIZE(fs->super), sizeof(ext2_inode_large)) /
                sizeof(std::uint64_t) +
            1) {}

  ext2_inode_large* large() { return reinterpret_cast<ext2_inode_large*>(words_.data()); }

  ext2_inode* small() { return reinterpret_cast<ext2_inode*>(words_.data()); }

 private:
  std::vector<std::uint64_t> words_;
};

// libext2fs gives an ACL in the form of getxattr(2) but for the ids of entries that have
// none: there the kernel says -1, it says 0.
void set_undefined_ids(std::string& acl) {
  constexpr std::size_t kHeader = 4;
  constexpr std::size_t kEntry = 8;  // tag (2), permissions (2), id (4)
  constexpr char kUser = 0x02;
  constexpr char kGroup = 0x08;
  for (std::size_t at = kHeader; at + kEntry <= acl.size(); at += kEntry) {
    if (acl[at] != kUser && acl[at] != kGroup) {
      acl.replace(at + 4, 4, 4, '\xff');
    }
  }
}

class InodeReader {
 public:
  InodeReader(const Ext2Disk& disk, ext2_ino_t number)
      : disk_(disk), fs_(disk.fs()), raw_(disk.fs()) {
    inode_.number = number;
  }

  Result<Ext2Inode> read() {
    if (const errcode_t code = ext2fs_read_inode_full(fs_, inode_.number, raw_.small(),
                                                      EXT2_INODE_SIZE(fs_->super))) {
      return fail(error(code));
    }
    const ext2_inode& inode = *raw_.small();
    if ((inode.i_flags & (EXT4_ENCRYPT_FL | EXT4_VERITY_FL)) != 0) {
      return fail(ErrorKind::kUsage,
                  fmt::format("inode {} is encrypted or has verity, which cannot be "
                              "looked into",
                              inode_.number),
                  "check without the content of files");
    }
    inode_.generation = inode.i_generation;
    FileNode& node = inode_.node;
    node.mode = inode.i_mode;
    node.uid = inode_uid(inode);
    node.gid = inode_gid(inode);
    node.links = inode.i_links_count;
    node.inode = inode_.number;
    node.allocated_bytes = ext2fs_get_stat_i_blocks(fs_, raw_.small()) * kStatBlockBytes;
    PC_RETURN_IF_ERROR(read_attributes());
    switch (inode.i_mode & LINUX_S_IFMT) {
      case LINUX_S_IFREG:
        node.size_bytes = EXT2_I_SIZE(&inode);
        PC_RETURN_IF_ERROR(read_runs());
        break;
      case LINUX_S_IFLNK:
        node.size_bytes = EXT2_I_SIZE(&inode);
        PC_RETURN_IF_ERROR(read_target());
        break;
      case LINUX_S_IFCHR:
      case LINUX_S_IFBLK:
        node.device = device_number(inode);
        break;
      default:
        break;
    }
    return std::move(inode_);
  }

 private:
  Error error(errcode_t code) const {
    return disk_.error(code, fmt::format("inode {}", inode_.number));
  }

  // The old form is 8 bits each; the new one, in the second word, 12 and 20.
  static std::uint64_t device_number(const ext2_inode& inode) {
    const std::uint32_t old_form = inode.i_block[0];
    const std::uint32_t new_form = inode.i_block[1];
    const std::uint64_t major =
        old_form != 0 ? old_form >> 8 & 0xff : new_form >> 8 & 0xfff;
    const std::uint64_t minor =
        old_form != 0 ? old_form & 0xff : (new_form & 0xff) | (new_form >> 12 & 0xfff00);
    return major << 32 | minor;
  }

  Status read_runs() {
    const ext2_inode& inode = *raw_.small();
    if ((inode.i_flags & EXT4_INLINE_DATA_FL) != 0) {
      return read_inline_content();
    }
    return (inode.i_flags & EXT4_EXTENTS_FL) != 0 ? read_extents() : read_block_map();
  }

  // The kernel tells one extent of what is inline, and blocks by the size; it has no
  // place on the disk of its own.
  Status read_inline_content() {
    std::size_t room = 0;
    if (const errcode_t code = ext2fs_inline_data_size(fs_, inode_.number, &room)) {
      return fail(error(code));
    }
    std::string content(room, '\0');
    if (const errcode_t code = ext2fs_inline_data_get(fs_, inode_.number, raw_.small(),
                                                      content.data(), &room)) {
      return fail(error(code));
    }
    FileNode& node = inode_.node;
    node.extents.push_back({0, room, false});
    node.allocated_bytes +=
        (node.size_bytes + kStatBlockBytes - 1) / kStatBlockBytes * kStatBlockBytes;
    content.resize(std::min<std::uint64_t>(room, node.size_bytes));
    inode_.inline_content = std::move(content);
    return {};
  }

  void add_run(std::uint64_t first, std::uint64_t physical, std::uint64_t count,
               bool unwritten) {
    const std::uint64_t bytes = fs_->blocksize;
    const Ext2Run run{first * bytes, physical * bytes, count * bytes, unwritten};
    inode_.node.extents.push_back({run.in_file, run.length, unwritten});
    if (!inode_.runs.empty()) {
      Ext2Run& last = inode_.runs.back();
      if (last.unwritten == unwritten && last.in_file + last.length == run.in_file &&
          last.on_disk + last.length == run.on_disk) {
        last.length += run.length;
        return;
      }
    }
    inode_.runs.push_back(run);
  }

  Status read_extents() {
    ext2_extent_handle_t opened = nullptr;
    if (const errcode_t code =
            ext2fs_extent_open2(fs_, inode_.number, raw_.small(), &opened)) {
      return fail(error(code));
    }
    const std::unique_ptr<ext2_extent_handle, FreeExtents> handle(opened);
    for (int step = EXT2_EXTENT_ROOT;; step = EXT2_EXTENT_NEXT) {
      ext2fs_extent extent{};
      const errcode_t code = ext2fs_extent_get(opened, step, &extent);
      if (code == EXT2_ET_EXTENT_NO_NEXT || code == EXT2_ET_NO_CURRENT_NODE) {
        return {};
      }
      if (code != 0) {
        return fail(error(code));
      }
      if ((extent.e_flags & EXT2_EXTENT_FLAGS_LEAF) != 0) {
        add_run(extent.e_lblk, extent.e_pblk, extent.e_len,
                (extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT) != 0);
      }
    }
  }

  Status read_block_map() {
    const std::uint32_t flags = BLOCK_FLAG_DATA_ONLY | BLOCK_FLAG_READ_ONLY;
    const errcode_t code = ext2fs_block_iterate3(
        fs_, inode_.number, static_cast<int>(flags), nullptr,
        [](ext2_filsys /*fs*/, blk64_t* physical, e2_blkcnt_t block, blk64_t /*of*/,
           int /*offset*/, void* self) {
          static_cast<InodeReader*>(self)->add_run(static_cast<std::uint64_t>(block),
                                                   *physical, 1, false);
          return 0;
        },
        this);
    return code == 0 ? Status{} : fail(error(code));
  }

  // A target is in the inode's block map if it is short, else in a block or inline.
  Status read_target() {
    ext2_inode* inode = raw_.small();
    std::string& target = inode_.node.target;
    const std::uint64_t size = EXT2_I_SIZE(inode);
    if (size == 0 || size > fs_->blocksize) {
      return fail(
          ErrorKind::kBadInput,
          fmt::format("inode {}: a symbolic link of {} bytes", inode_.number, size));
    }
    std::string buffer(fs_->blocksize, '\0');
    if ((inode->i_flags & EXT4_INLINE_DATA_FL) != 0) {
      std::size_t read = 0;
      if (const errcode_t code =
              ext2fs_inline_data_get(fs_, inode_.number, inode, buffer.data(), &read)) {
        return fail(error(code));
      }
    } else if (ext2fs_is_fast_symlink(inode) != 0) {
      std::memcpy(buffer.data(), &inode->i_block[0],
                  std::min<std::size_t>(size, sizeof(inode->i_block)));
    } else {
      blk64_t block = 0;
      errcode_t code =
          ext2fs_bmap2(fs_, inode_.number, inode, nullptr, 0, 0, nullptr, &block);
      if (code == 0) {
        code = io_channel_read_blk64(fs_->io, block, 1, buffer.data());
      }
      if (code != 0) {
        return fail(error(code));
      }
    }
    target = buffer.substr(0, size);
    return {};
  }

  static bool listed(std::string_view name) {
    constexpr std::array<std::string_view, 5> kListed = {"user.", "trusted.", "security.",
                                                         "system.posix_acl_access",
                                                         "system.posix_acl_default"};
    return std::any_of(kListed.begin(), kListed.end(),
                       [&](std::string_view prefix) { return name.starts_with(prefix); });
  }

  Status read_attributes() {
    ext2_xattr_handle* opened = nullptr;
    errcode_t code = ext2fs_xattrs_open(fs_, inode_.number, &opened);
    if (code == EXT2_ET_MISSING_EA_FEATURE) {
      return {};
    }
    if (code != 0) {
      return fail(error(code));
    }
    const std::unique_ptr<ext2_xattr_handle, CloseAttributes> handle(opened);
    code = ext2fs_xattrs_read_inode(opened, raw_.large());
    std::vector<std::string> names;
    if (code == 0) {
      code = ext2fs_xattrs_iterate(
          opened,
          [](char* name, char* /*value*/, std::size_t /*length*/, void* to) {
            if (listed(name)) {
              static_cast<std::vector<std::string>*>(to)->emplace_back(name);
            }
            return 0;
          },
          &names);
    }
    for (std::size_t i = 0; code == 0 && i < names.size(); ++i) {
      void* value = nullptr;
      std::size_t length = 0;
      code = ext2fs_xattr_get(opened, names[i].c_str(), &value, &length);
      const std::unique_ptr<void, FreeMemory> owned(value);
      if (code == 0) {
        std::string bytes(static_cast<const char*>(value), length);
        if (names[i].starts_with("system.posix_acl_")) {
          set_undefined_ids(bytes);
        }
        inode_.node.attributes.emplace_back(names[i], std::move(bytes));
      }
    }
    return code == 0 ? Status{} : fail(error(code));
  }

  const Ext2Disk& disk_;
  ext2_filsys fs_;
  RawInode raw_;
  Ext2Inode inode_;
};

}  // namespace

Result<Ext2Inode> read_ext2_inode(const Ext2Disk& disk, ext2_ino_t number) {
  return InodeReader(disk, number).read();
}

}  // namespace powercut
