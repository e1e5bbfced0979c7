// SPDX-License-Identifier: GPL-2.0-only
//
// What the operations of a workload make of a file system that never loses power: every
// name and every inode with all the versions that they had, and what each operation was
// about. From it follows what may be found after a crash (ledger.h). It knows POSIX
// semantics, and no file system's.

#pragma once

#include "base/result.h"
#include "workload/content_image.h"
#include "workload/operation.h"
#include "workload/step_history.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

using InodeId = std::uint32_t;

inline constexpr InodeId kRootInode = 0;

enum class InodeType : std::uint8_t { kFile, kDirectory, kSymlink, kOther };

struct ModelSize {
  std::uint64_t bytes = 0;
  // Reached by writing: after a crash any size since the version before may be there, for
  // what was written reaches the disk bit by bit.
  bool grown = false;
};

struct ModelOwner {
  std::uint32_t user = 0;
  std::uint32_t group = 0;

  bool operator==(const ModelOwner&) const = default;
};

// Ranges that fallocate() reserved, by offset: beyond the size too.
using Reservation = std::map<std::uint64_t, std::uint64_t>;  // begin, end

struct ModelInode {
  InodeType type = InodeType::kFile;
  Step born = 0;
  std::string target;               // of a symbolic link
  std::uint32_t format = 0;         // of kOther: S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK
  std::uint64_t device = 0;         // of a device node: as FileNode::device
  StepHistory<std::uint32_t> mode;  // permissions
  StepHistory<ModelOwner> owner;
  std::map<std::string, StepHistory<std::optional<std::string>>> attributes;
  StepHistory<ModelSize> size;
  StepHistory<ContentImage> content;
  StepHistory<Reservation> reserved;
  // Steps that changed it: what makes an fsync() commit something. `data_changes`: those
  // that make an fdatasync() do so.
  std::vector<Step> changes;
  std::vector<Step> data_changes;
};

using ModelName = std::pair<InodeId, std::string>;  // directory, name

// What an operation was about.
struct ModelTarget {
  std::optional<InodeId> inode;    // of fsync, write, ...
  std::optional<InodeId> made;     // an inode that it made
  std::uint64_t offset_bytes = 0;  // of what it wrote, or msync() asked for
  std::uint64_t length_bytes = 0;
  std::vector<ModelName> names;         // that it changed
  std::optional<ModelName> moved_from;  // of a rename
  std::optional<ModelName> moved_to;
  bool replaced = false;  // a rename that took the place of another inode
  // Of a rename that exchanged two: the one that moved the other way.
  std::optional<InodeId> exchanged;

  // Did it take this name from the inode and give it another?
  bool moved(InodeId moving, const ModelName& name) const {
    return (inode == moving && moved_from == name) ||
           (exchanged == moving && moved_to == name);
  }

  // Of wait and acknowledge: the operation that submitted the write; of submit: the one
  // that waited for it.
  std::optional<std::size_t> submitted;
  std::optional<std::size_t> waited;
  std::optional<InodeId> read;      // of read: the file
  std::uint64_t claimed_bytes = 0;  // of claim
};

class FileModel {
 public:
  // An Error (kUsage) about the first operation that cannot succeed, or that shares a
  // file with an operation of another thread (both may read), or a place with a write in
  // flight, that may happen at the same time. `disk`: what the raw disk that it is about
  // held before (raw_disk.h); null: it is about a file system.
  static Result<FileModel> build(const Workload& workload,
                                 std::shared_ptr<const BlockSource> disk = nullptr);

  bool is_raw_disk() const { return raw_disk_; }

  // The operations that submit, in order.
  const std::vector<std::size_t>& submits() const { return submits_; }

  const std::vector<ModelInode>& inodes() const { return inodes_; }

  const std::map<ModelName, StepHistory<std::optional<InodeId>>>& names() const {
    return names_;
  }

  const ModelTarget& target(std::size_t operation) const { return targets_[operation]; }

  // What the file of a `read` holds there.
  const ContentImage& expected(std::size_t operation) const {
    const auto before = [operation](Step step) { return step <= operation; };
    return inodes_[targets_[operation].read.value()].content.last(before)->value;
  }

  // The names that an inode had when `known` holds of no later step.
  template <typename Known>
  std::vector<ModelName> names_of(InodeId inode, const Known& known) const {
    std::vector<ModelName> list;
    for (const auto& [name, history] : names_) {
      const auto* version = history.last(known);
      if (version != nullptr && version->value == inode) {
        list.push_back(name);
      }
    }
    return list;
  }

  // A path of an inode at its latest, for texts; "(removed)".
  std::string path_of(InodeId inode) const;
  std::string path_of(const ModelName& name) const;

 private:
  friend class ModelBuilder;

  std::vector<ModelInode> inodes_;
  std::map<ModelName, StepHistory<std::optional<InodeId>>> names_;
  std::vector<ModelTarget> targets_;
  std::vector<std::size_t> submits_;
  bool raw_disk_ = false;
};

}  // namespace powercut
