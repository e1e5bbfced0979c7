// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/block_owner.h"

#include "base/file_tree.h"
#include "base/subprocess.h"
#include "checkers/e2fsck.h"
#include "checkers/ext2_claims.h"
#include "checkers/ext2_io.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace powercut {

namespace {

class UnknownOwners : public BlockOwners {
 public:
  explicit UnknownOwners(const std::string& reason)
      : text_(fmt::format("not known: no ext2, ext3 or ext4 file system ({})", reason)) {}

  std::vector<OwnedRange> owners_of(const ByteRange& range) const override {
    if (range.begin >= range.end) {
      return {};
    }
    return {OwnedRange{range, text_, {}}};
  }

 private:
  std::string text_;
};

std::string of_group(const char* what, std::uint32_t group) {
  return fmt::format("{} of group {}", what, group);
}

class Ext2Owners : public BlockOwners {
 public:
  explicit Ext2Owners(Ext2Claims claims) : claims_(std::move(claims)) {}

  std::optional<InodePlace> inode_at(std::uint64_t offset_bytes) const override {
    const std::uint64_t block = claims_.block_bytes;
    if (offset_bytes >= claims_.blocks * block || claims_.inode_bytes == 0) {
      return std::nullopt;
    }
    const Ext2Claims::Found found = claims_.find(offset_bytes / block);
    if (found.claim.kind != Ext2Claim::Kind::kInodeTable) {
      return std::nullopt;
    }
    const std::uint64_t table = found.begin * block;
    const std::uint64_t index = (offset_bytes - table) / claims_.inode_bytes;
    const std::uint64_t number =
        std::uint64_t{found.claim.number} * claims_.inodes_per_group + index + 1;
    const auto inode_number = static_cast<std::uint32_t>(number);
    const std::uint64_t begin = table + index * claims_.inode_bytes;
    const Ext2Claims::Inode* const known = inode(inode_number);
    const bool used = known != nullptr && (known->mode != 0 || !known->role.empty());
    return InodePlace{{begin, begin + claims_.inode_bytes},
                      fmt::format("inode {} ({})", inode_number,
                                  used ? inode_text(inode_number) : "unused")};
  }

  std::vector<OwnedRange> owners_of(const ByteRange& range) const override {
    const std::uint64_t block = claims_.block_bytes;
    const std::uint64_t fs_end = claims_.blocks * block;
    std::vector<OwnedRange> owners;
    std::uint64_t at = range.begin;
    while (at < std::min(range.end, fs_end)) {
      const Ext2Claims::Found found = claims_.find(at / block);
      const std::uint64_t end = std::min(range.end, found.end * block);
      OwnedRange owned{{at, end}, text_of(found.claim), {}};
      if (found.claim.kind == Ext2Claim::Kind::kContent && is_file(found.claim.number)) {
        owned.byte_in_file =
            (found.claim.in_file + at / block - found.begin) * block + at % block;
      }
      add(std::move(owned), owners);
      at = end;
    }
    if (at < range.end) {
      add({{at, range.end}, "behind the end of the file system", {}}, owners);
    }
    return owners;
  }

  bool needs_recovery() const override { return claims_.needs_recovery; }

  std::vector<std::string> notes() const override { return claims_.notes; }

 private:
  static void add(OwnedRange owned, std::vector<OwnedRange>& owners) {
    if (!owners.empty() && owners.back().what == owned.what && !owned.byte_in_file) {
      owners.back().range.end = owned.range.end;
      return;
    }
    owners.push_back(std::move(owned));
  }

  const Ext2Claims::Inode* inode(std::uint32_t number) const {
    const auto found = claims_.inodes.find(number);
    return found == claims_.inodes.end() ? nullptr : &found->second;
  }

  bool is_file(std::uint32_t number) const {
    const Ext2Claims::Inode* known = inode(number);
    return known != nullptr && S_ISREG(known->mode) && known->role.empty();
  }

  // "/a/b", or nothing for what no name leads to.
  std::optional<std::string> path_of(std::uint32_t number) const {
    constexpr int kMostLevels = 1000;  // names may form a circle
    if (number == EXT2_ROOT_INO) {
      return "/";
    }
    std::string path;
    for (int level = 0; level < kMostLevels && number != EXT2_ROOT_INO; ++level) {
      const auto name = claims_.names.find(number);
      if (name == claims_.names.end()) {
        return std::nullopt;
      }
      path.insert(0, "/" + name->second.name);
      number = name->second.directory;
    }
    return number == EXT2_ROOT_INO ? std::optional(escape_name(path)) : std::nullopt;
  }

  std::string inode_text(std::uint32_t number) const {
    const Ext2Claims::Inode* known = inode(number);
    if (known == nullptr) {
      return fmt::format("inode {}", number);
    }
    if (!known->role.empty()) {
      return known->role;
    }
    const char* type = S_ISDIR(known->mode)   ? "directory"
                       : S_ISLNK(known->mode) ? "symbolic link"
                       : S_ISREG(known->mode) ? "file"
                                              : "special file";
    const std::optional<std::string> path = path_of(number);
    return path ? fmt::format("{} {}", type, *path)
                : fmt::format("{} without a name (inode {})", type, number);
  }

  std::string text_of(const Ext2Claim& claim) const {
    switch (claim.kind) {
      case Ext2Claim::Kind::kFree:
        return "free";
      case Ext2Claim::Kind::kNotKnown:
        return "not known: free, or nothing readable leads to it";
      case Ext2Claim::Kind::kUsed:
        return "in use, but nothing readable leads to it";
      case Ext2Claim::Kind::kBoot:
        return "boot block";
      case Ext2Claim::Kind::kSuperblock:
        return claim.number == 0 ? "superblock"
                                 : of_group("superblock copy", claim.number);
      case Ext2Claim::Kind::kDescriptors:
        return claim.number == 0 ? "group descriptors"
                                 : of_group("group descriptors copy", claim.number);
      case Ext2Claim::Kind::kReserved:
        return "room for group descriptors";
      case Ext2Claim::Kind::kBlockBitmap:
        return of_group("block bitmap", claim.number);
      case Ext2Claim::Kind::kInodeBitmap:
        return of_group("inode bitmap", claim.number);
      case Ext2Claim::Kind::kInodeTable:
        return of_group("inode table", claim.number);
      case Ext2Claim::Kind::kMultipleMount:
        return "multiple mount protection";
      case Ext2Claim::Kind::kContent:
        return inode_text(claim.number);
      case Ext2Claim::Kind::kMap:
        return "block map of " + inode_text(claim.number);
      case Ext2Claim::Kind::kAttributes:
        return "extended attributes of " + inode_text(claim.number);
    }
    return "not known";
  }

  Ext2Claims claims_;
};

}  // namespace

std::string OwnedRange::text() const {
  return byte_in_file ? fmt::format("{}, byte {}", what, *byte_in_file) : what;
}

std::string BlockOwners::owner_of(const ByteRange& range) const {
  constexpr std::size_t kMost = 6;
  const std::vector<OwnedRange> owners = owners_of(range);
  std::string text;
  for (std::size_t i = 0; i < std::min(kMost, owners.size()); ++i) {
    text += (text.empty() ? "" : "; ") + owners[i].text();
  }
  if (owners.size() > kMost) {
    text += fmt::format("; and {} more", owners.size() - kMost);
  }
  return text;
}

std::unique_ptr<const BlockOwners> read_block_owners(const BlockSource& disk) {
  Subject subject;
  subject.read = [&disk](std::size_t /*disk*/, std::uint64_t offset_bytes,
                         std::span<std::byte> out) -> Status {
    disk.read(offset_bytes, out);
    return {};
  };
  subject.size_bytes = [&disk](std::size_t /*disk*/) { return disk.size_bytes(); };
  const Result<std::unique_ptr<Ext2Disk>> opened = Ext2Disk::open(subject, 0);
  if (!opened) {
    return std::make_unique<UnknownOwners>(opened.error().message);
  }
  return std::make_unique<Ext2Owners>(read_ext2_claims(**opened));
}

Status replay_ext4_journal(const std::filesystem::path& image) {
  constexpr int kCorrected = 1;
  PC_RETURN_IF_ERROR(find_e2fsck("the replay of a journal"));
  SubprocessOptions command;
  command.argv = {"e2fsck", "-y", "-E", "journal_only", image.string()};
  command.environment = {{"LC_ALL", "C"}};
  command.timeout = std::chrono::minutes(5);
  PC_ASSIGN_OR_RETURN(ExitState state, run_subprocess(command));
  if (state.interrupted) {
    return fail(ErrorKind::kInterrupted, "interrupted");
  }
  const int code = state.code.value_or(-1);
  if (code != 0 && code != kCorrected) {
    return fail(ErrorKind::kBadInput,
                fmt::format("e2fsck cannot replay the journal: {}", to_string(state)));
  }
  return {};
}

}  // namespace powercut
