// SPDX-License-Identifier: GPL-2.0-only
//
// What a workload holds open: handles, by their names, and mappings of files.
//
// A mapping covers its file from the start and is never moved; one that is too short is
// left as it is and a longer one made. So whoever found one may use it without a lock.
// To unmap writes nothing to the disk, but a mapping that is gone cannot be synced: it
// stays until its handle is closed, or to the end.
//
// Thread-safe. Calls return 0 or an errno.

#pragma once

#include "base/fd.h"
#include "workload/operation.h"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace powercut {

// A shared mapping of the first bytes of a file. The destructor unmaps.
class FileMapping {
 public:
  // `bytes` may go beyond the end of the file.
  static int map(int fd, std::uint64_t bytes, std::shared_ptr<FileMapping>& mapping);
  ~FileMapping();
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  std::byte* memory() const { return memory_; }

  std::uint64_t size_bytes() const { return bytes_; }

 private:
  FileMapping(std::byte* memory, std::uint64_t bytes) : memory_(memory), bytes_(bytes) {}

  std::byte* memory_;
  std::uint64_t bytes_;
};

struct OpenHandle {
  Fd fd;
  OpenFlags flags;
};

class OpenFiles {
 public:
  // Who asks: 0 is the main thread. Each other has names of its own and sees those of
  // the main thread.
  using Scope = std::uint64_t;

  // Another handle of that name and scope is closed.
  void add(Scope scope, const std::string& name, OpenHandle handle);
  // EBADF if there is none.
  int close(Scope scope, const std::string& name);
  // Null if there is none. It stays open as long as the pointer is held.
  std::shared_ptr<const OpenHandle> find(Scope scope, const std::string& name);

  // A mapping of at least the first `bytes` of what `fd` has open for reading and
  // writing; made if there is none yet. `owner` is the handle with which it goes; null:
  // none.
  int map(int fd, const OpenHandle* owner, std::uint64_t bytes,
          std::shared_ptr<FileMapping>& mapping);
  // Any mapping of that size of the file, whoever made it; null: none.
  std::shared_ptr<FileMapping> find_mapping(ino_t inode, std::uint64_t bytes);

 private:
  struct Mapped {
    ino_t inode = 0;  // not used again by another file while the mapping lives
    const OpenHandle* owner = nullptr;
    std::shared_ptr<FileMapping> mapping;
  };

  std::mutex mutex_;
  std::map<std::pair<Scope, std::string>, std::shared_ptr<OpenHandle>> handles_;
  std::vector<Mapped> mappings_;
};

}  // namespace powercut
