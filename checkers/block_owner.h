// SPDX-License-Identifier: GPL-2.0-only
//
// Tells what lies at a place of a disk: "superblock", "inode table of group 0",
// "directory /a", "file /a/b, byte 8192", "free". For naming writes in reports; it judges
// nothing and is no checker.
//
// Of ext2, ext3 and ext4 that begin at the first byte of the disk; of anything else every
// owner is "not known: ..." with the reason, but see image_owners.h. The file system is
// read once, in process, by
// libext2fs: no mount, no root. Cost: reads of all inode tables, directories and block
// maps, none of what files hold; memory for each fragment of each file.
//
// It tells what is on the disk *as it is given*. While a file system is mounted much of
// it is in the journal only: give a state after replay_ext4_journal(), or names are
// missing. What was deleted by then is "free". A block that two claim is told of one:
// metadata before files, then the lower inode. What does not hold together is left out
// and counted in notes(), it is never an Error.

#pragma once

#include "base/block_source.h"
#include "base/result.h"
#include "replay/range_set.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace powercut {

// A range with one owner.
struct OwnedRange {
  ByteRange range;   // on the disk
  std::string what;  // "file /a/b"; one line whatever bytes are in names
  std::optional<std::uint64_t> byte_in_file;  // where it begins in a regular file

  // "file /a/b, byte 8192".
  std::string text() const;
};

// Immutable; may be asked by several threads at once. Refers to nothing that it was made
// from.
class BlockOwners {
 public:
  virtual ~BlockOwners() = default;

  // By place, without gaps; neighbours differ. Any range: what lies behind the end of the
  // file system is told as that. Empty for an empty range.
  virtual std::vector<OwnedRange> owners_of(const ByteRange& range) const = 0;

  // The same as one line: "superblock; group descriptors; free", of many owners the first
  // few.
  std::string owner_of(const ByteRange& range) const;

  // The inode whose place in an inode table has this byte, with all of its place: "inode
  // 12 (file /a/b)". Nothing where there is no inode table.
  struct InodePlace {
    ByteRange range;
    std::string text;
  };

  virtual std::optional<InodePlace> inode_at(std::uint64_t /*offset_bytes*/) const {
    return std::nullopt;
  }

  // The journal holds what the rest of the disk does not have yet.
  virtual bool needs_recovery() const { return false; }

  // Sentences for the user: what could not be read.
  virtual std::vector<std::string> notes() const { return {}; }
};

// Never null.
std::unique_ptr<const BlockOwners> read_block_owners(const BlockSource& disk);

// Replays the journal of an ext3 or ext4 in an image file, and repairs nothing
// (e2fsck -E journal_only). kMissing: there is no e2fsck.
Status replay_ext4_journal(const std::filesystem::path& image);

}  // namespace powercut
