// SPDX-License-Identifier: GPL-2.0-only
//
// One operation of a workload: a system call, or nearly so, on a file system that a
// recorder watches. Plain data; the language it is written in is in workload_text.h and
// docs/writing-a-scenario.md, what does it is perform.h, what it promises is ledger.h.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace powercut {

enum class OpKind : std::uint8_t {
  kCreate,       // creat PATH: a new regular file; it must not be there
  kOpen,         // open @H PATH FLAGS
  kClose,        // close @H
  kWrite,        // write FILE OFFSET LENGTH
  kAppend,       // append FILE LENGTH
  kMmapWrite,    // mmap-write FILE OFFSET LENGTH: through a shared mapping, not synced
  kMsync,        // msync FILE OFFSET LENGTH: MS_SYNC of that part of the mapping
  kRead,         // read FILE OFFSET LENGTH: fails if it does not hold what was written
  kOverwrite,    // overwrite FILE OFFSET LENGTH: past the file system, where it lies
  kSubmit,       // submit @H OFFSET LENGTH as NAME: begins a direct write, waits for none
  kWait,         // wait NAME: until the submitted write is complete
  kTruncate,     // truncate FILE SIZE
  kAllocate,     // falloc FILE MODE OFFSET LENGTH
  kClone,        // clone FROM TO: FICLONE; TO is there already
  kCloneRange,   // clone-range FROM OFFSET LENGTH TO OFFSET: FICLONERANGE
  kMkdir,        // mkdir PATH
  kRmdir,        // rmdir PATH
  kLink,         // link OLD NEW
  kSymlink,      // symlink TARGET PATH
  kRename,       // rename OLD NEW [noreplace|exchange]
  kUnlink,       // unlink PATH
  kMknod,        // mknod PATH fifo|char|block [MAJOR MINOR]
  kChmod,        // chmod PATH MODE
  kChown,        // chown PATH UID GID
  kSetXattr,     // setxattr PATH NAME VALUE
  kRemoveXattr,  // removexattr PATH NAME
  kFsync,        // fsync FILE; a directory too
  kFdatasync,    // fdatasync FILE
  kSync,         // sync: of everything; see perform.h
  kSyncfs,       // syncfs
  kAcknowledge,  // acknowledge NAME: the program takes a submitted write for durable
  kClaim,        // claim FROM TO MARK: the program takes TO for FROM as of that mark
  kDropCaches,   // drop-caches: clean pages, dentries and inodes of the whole machine
  kSleep,        // sleep MILLISECONDS
  kMark,         // mark TEXT: in the log, for the user
};

enum class AllocateMode : std::uint8_t {
  kAllocate,  // grows the file
  kKeepSize,  // FALLOC_FL_KEEP_SIZE
  kPunch,     // PUNCH_HOLE|KEEP_SIZE
  kZero,      // ZERO_RANGE, grows the file
  kZeroKeep,  // ZERO_RANGE|KEEP_SIZE
  kCollapse,  // COLLAPSE_RANGE
  kInsert,    // INSERT_RANGE
  kUnshare,   // UNSHARE_RANGE: content as before
};

enum class RenameMode : std::uint8_t { kReplace, kNoReplace, kExchange };

enum class NodeKind : std::uint8_t { kFifo, kCharDevice, kBlockDevice };

// What a write writes. kStamped: see fill.h.
enum class FillKind : std::uint8_t { kStamped, kByte };

struct OpenFlags {
  bool create = false;     // O_CREAT
  bool exclusive = false;  // O_EXCL
  bool truncate = false;   // O_TRUNC
  bool append = false;     // O_APPEND
  bool sync = false;       // O_SYNC: every write is acknowledged data and metadata
  bool dsync = false;      // O_DSYNC
  bool direct = false;     // O_DIRECT
  bool read_only = false;  // O_RDONLY; else O_RDWR
  bool directory = false;  // O_DIRECTORY, read-only
  bool tmpfile = false;    // O_TMPFILE; PATH is the directory

  bool operator==(const OpenFlags&) const = default;
};

struct Operation {
  OpKind kind = OpKind::kSync;
  std::size_t line = 0;      // of the text it came from, from 1; 0: none
  std::uint32_t thread = 0;  // 0: the main one; see Workload
  // Relative to the root of the file system, "a/b", without "." or ".."; "/" is the root.
  std::string path;
  std::string path2;    // the second path of link, rename, clone, claim
  std::string handle;   // FILE given as "@H": the name H; then path is empty
  std::string handle2;  // the same of the second file of clone and claim
  std::string text;     // target of a symlink, text of a mark, name of an attribute, of
                        // a submitted write, or of the mark of a claim
  std::string value;    // of an attribute
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;   // size of truncate, milliseconds of sleep
  std::uint64_t offset2_bytes = 0;  // in the second file
  std::uint32_t mode = 0;           // of creat, open, mkdir, chmod; 0 there: 0644, 0755
  std::uint32_t user = 0;           // of chown; major of mknod
  std::uint32_t group = 0;          // of chown; minor of mknod
  OpenFlags flags;
  AllocateMode allocate = AllocateMode::kAllocate;
  RenameMode rename = RenameMode::kReplace;
  NodeKind node = NodeKind::kFifo;
  FillKind fill = FillKind::kStamped;
  std::uint8_t fill_byte = 0;

  bool operator==(const Operation&) const = default;
};

// Operations in the order of the text. Those of thread 0 and of threads 1, 2, ... : the
// text is a row of stages; each is one operation of the main thread, or a group of
// threads that run at once and are waited for. Threads of a group have numbers from 1
// and operations that stand together; groups follow each other by `groups`.
struct Workload {
  std::vector<Operation> operations;

  // For each group of threads, [first, last) of operations; ascending, apart.
  struct Group {
    std::size_t first = 0;
    std::size_t last = 0;

    bool operator==(const Group&) const = default;
  };

  std::vector<Group> groups;

  bool operator==(const Workload&) const = default;
};

}  // namespace powercut
