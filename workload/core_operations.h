// SPDX-License-Identifier: GPL-2.0-only
//
// What generated workloads are made of: the names they use, the core operations on them
// (each with all its parameters), and the persistence operations that may follow. The
// bounds are modelled on those of Ace (CrashMonkey); docs/writing-a-scenario.md compares.

#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

using NameIndex = std::uint8_t;
using NameMask = std::uint32_t;  // a bit for each name

// foo and bar in the root, in A and in B; the directories A and B; with `nested` A/C and
// B/C too; and the root. Closed under two swaps: foo with bar everywhere, and A with B.
class NameSet {
 public:
  explicit NameSet(bool nested);

  std::size_t size() const { return names_.size(); }

  const std::string& path(NameIndex name) const { return names_[name].path; }

  bool is_file(NameIndex name) const { return names_[name].leaf >= 0; }

  NameIndex root() const { return static_cast<NameIndex>(names_.size() - 1); }

  NameIndex parent(NameIndex name) const { return names_[name].parent; }

  // The other file of the directory; of A it is B. A/C and the root are their own.
  NameIndex sibling(NameIndex name) const { return names_[name].sibling; }

  // Of a file: 0 for foo, 1 for bar; else -1.
  int leaf(NameIndex name) const { return names_[name].leaf; }

  // 0 at and below A, 1 at and below B, else -1.
  int top(NameIndex name) const { return names_[name].top; }

  bool is_below(NameIndex name, NameIndex directory) const;

 private:
  struct Name {
    std::string path;
    NameIndex parent = 0;
    NameIndex sibling = 0;
    int leaf = -1;
    int top = -1;
  };

  NameIndex index_of(const std::string& path) const;

  std::vector<Name> names_;
};

enum class CoreKind : std::uint8_t {
  kCreate,
  kMkdir,
  kAllocate,
  kWrite,
  kDirectWrite,  // through a handle opened with O_DIRECT
  kMmapWrite,
  kLink,
  kSymlink,  // its target is the sibling, which need not be there
  kUnlink,
  kRmdir,
  kRename,      // to a name that is free; of a directory also over an empty one
  kRenameOver,  // over a file that is there
  kSetXattr,
  kRemoveXattr,
  kTruncate,
};

// The part of a file that an operation is about.
enum class CoreRange : std::uint8_t {
  kNone,
  kAppend,   // behind the end; of truncate: to nothing
  kOverlap,  // at the begin, not in whole blocks but for direct and mapped writes
  kExtend,   // over the end
};

struct CoreOperation {
  CoreKind kind = CoreKind::kCreate;
  NameIndex name = 0;
  NameIndex name2 = 0;  // of link, rename: the new one; else as `name`
  CoreRange range = CoreRange::kNone;
  std::uint8_t mode = 0;  // of falloc: an AllocateMode

  bool has_two_names() const { return name2 != name; }
};

// Whether fdatasync() of the file may follow.
bool changes_data(CoreKind kind);

// "creat mkdir falloc ...": the words of GenerateOptions.
std::vector<std::string> core_operation_words();

// All core operations of the words, in a fixed order. An Error (kUsage) names an unknown
// word; empty `only` means all.
Result<std::vector<CoreOperation>> core_operations(
    const NameSet& names, const std::vector<std::string>& only,
    const std::vector<std::string>& without);

enum class PersistKind : std::uint8_t { kNone, kSync, kFsync, kFdatasync, kMsync };

struct Persistence {
  PersistKind kind = PersistKind::kNone;
  NameIndex name = 0;
};

// A core operation and what follows it.
struct CoreStep {
  CoreOperation operation;
  Persistence persistence;
};

}  // namespace powercut
