// SPDX-License-Identifier: GPL-2.0-only

#include "workload/open_files.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace powercut {
namespace {

constexpr std::uint64_t kMinMappedBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxMappedBytes = std::uint64_t{1} << 46;

std::uint64_t whole_pages(std::uint64_t bytes) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

}  // namespace

int FileMapping::map(int fd, std::uint64_t bytes, std::shared_ptr<FileMapping>& mapping) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    return errno;
  }
  mapping.reset(new FileMapping(static_cast<std::byte*>(memory), bytes));
  return 0;
}

FileMapping::~FileMapping() {
  ::munmap(memory_, bytes_);
}

void OpenFiles::add(Scope scope, const std::string& name, OpenHandle handle) {
  close(scope, name);
  const std::lock_guard<std::mutex> lock(mutex_);
  handles_[{scope, name}] = std::make_shared<OpenHandle>(std::move(handle));
}

int OpenFiles::close(Scope scope, const std::string& name) {
  std::shared_ptr<OpenHandle> closed;  // outlives the lock: closing may take time
  std::vector<Mapped> unmapped;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Scope owner : {scope, Scope{0}}) {
    const auto found = handles_.find({owner, name});
    if (found == handles_.end()) {
      continue;
    }
    closed = std::move(found->second);
    handles_.erase(found);
    const auto gone = std::stable_partition(
        mappings_.begin(), mappings_.end(),
        [&](const Mapped& mapped) { return mapped.owner != closed.get(); });
    std::move(gone, mappings_.end(), std::back_inserter(unmapped));
    mappings_.erase(gone, mappings_.end());
    return 0;
  }
  return EBADF;
}

std::shared_ptr<const OpenHandle> OpenFiles::find(Scope scope, const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Scope owner : {scope, Scope{0}}) {
    if (const auto found = handles_.find({owner, name}); found != handles_.end()) {
      return found->second;
    }
  }
  return nullptr;
}

int OpenFiles::map(int fd, const OpenHandle* owner, std::uint64_t bytes,
                   std::shared_ptr<FileMapping>& mapping) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) {
    return errno;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  std::uint64_t longest = 0;
  for (const Mapped& mapped : mappings_) {
    if (mapped.inode == status.st_ino && mapped.owner == owner) {
      if (mapped.mapping->size_bytes() >= bytes) {
        mapping = mapped.mapping;
        return 0;
      }
      longest = std::max(longest, mapped.mapping->size_bytes());
    }
  }
  if (bytes > kMaxMappedBytes) {
    return ENOMEM;
  }
  // Twice as long as the last, so that a growing file has few.
  const std::uint64_t wanted = std::max({bytes, longest * 2, kMinMappedBytes});
  const int failed = FileMapping::map(fd, whole_pages(wanted), mapping);
  if (failed == 0) {
    mappings_.push_back({status.st_ino, owner, mapping});
  }
  return failed;
}

std::shared_ptr<FileMapping> OpenFiles::find_mapping(ino_t inode, std::uint64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Mapped& mapped : mappings_) {
    if (mapped.inode == inode && mapped.mapping->size_bytes() >= bytes) {
      return mapped.mapping;
    }
  }
  return nullptr;
}

}  // namespace powercut
