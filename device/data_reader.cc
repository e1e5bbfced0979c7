// SPDX-License-Identifier: GPL-2.0-only

#include "device/data_reader.h"

#include "base/stamp.h"
#include "device/open_below.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <utility>

namespace powercut {
namespace {

constexpr int kFlags = O_RDONLY | O_NOATIME | O_NONBLOCK;
constexpr rlim_t kWantedDescriptors = 1 << 16;
constexpr rlim_t kSpareDescriptors = 64;
constexpr std::size_t kAlignment = 4096;  // of memory, for direct I/O of any disk

// How many files may be open at once: as many as the process may, after asking for more.
std::size_t usable_descriptors() {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < kWantedDescriptors) {
    rlimit wanted = {kWantedDescriptors, std::max(limit.rlim_max, kWantedDescriptors)};
    if (::setrlimit(RLIMIT_NOFILE, &wanted) != 0) {
      wanted = {limit.rlim_max, limit.rlim_max};
      ::setrlimit(RLIMIT_NOFILE, &wanted);
    }
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur > kSpareDescriptors ? limit.rlim_cur - kSpareDescriptors : 0;
}

// Direct, unless the file system cannot: then what is cached is what was asked for.
Fd open_for_data(int root, const std::string& path) {
  Fd fd = open_below(root, path, kFlags | O_DIRECT);
  if (!fd.valid() && errno == EINVAL) {
    fd = open_below(root, path, kFlags);
    if (fd.valid()) {
      ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_RANDOM);
    }
  }
  return fd;
}

// Nothing where the file system has none. The kernel writes 32 bits.
std::optional<std::uint32_t> generation_of(const Fd& fd) {
  long storage = 0;
  if (::ioctl(fd.get(), FS_IOC_GETVERSION, &storage) != 0) {
    return std::nullopt;
  }
  std::uint32_t generation = 0;
  std::memcpy(&generation, &storage, sizeof generation);
  return generation;
}

// The offsets of the units of `unit_bytes` that the extents touch.
std::vector<std::uint64_t> units_of(const FileNode& node, bool extents_known,
                                    std::uint32_t unit_bytes) {
  std::vector<FileExtent> extents = node.extents;
  if (!extents_known) {
    extents = {{0, node.size_bytes, false}};
  }
  std::vector<std::uint64_t> offsets;
  std::uint64_t next = 0;
  for (const FileExtent& extent : extents) {
    if (extent.unwritten) {
      continue;
    }
    const std::uint64_t end = extent.offset_bytes + extent.length_bytes;
    const std::uint64_t first = extent.offset_bytes / unit_bytes * unit_bytes;
    for (next = std::max(next, first); next < end; next += unit_bytes) {
      offsets.push_back(next);
    }
  }
  return offsets;
}

}  // namespace

struct DataReader::File {
  std::string path;
  std::uint64_t size_bytes = 0;
  std::uint64_t inode = 0;
  std::optional<std::uint32_t> generation;
  std::vector<std::uint64_t> offsets;  // of its units
  Fd fd;                               // none: too many are open, it is opened again
};

void DataReader::Free::operator()(void* memory) const {
  std::free(memory);
}

DataReader::DataReader(int root, const TreeWalk& walk, const MountRequest& request,
                       std::uint32_t block_bytes, ProblemList& problems)
    : root_(root),
      unit_bytes_(request.data_unit_bytes),
      block_bytes_(block_bytes),
      want_bytes_(request.want_bytes),
      problems_(problems),
      // A unit may begin and end within a block.
      buffer_bytes_((unit_bytes_ + 2 * block_bytes + kAlignment - 1) / kAlignment *
                    kAlignment),
      buffer_(static_cast<std::byte*>(std::aligned_alloc(kAlignment, buffer_bytes_))) {
  if (buffer_ == nullptr) {
    throw std::bad_alloc();
  }
  std::size_t open_files = 0;
  const std::size_t most = usable_descriptors();
  for (const FileNode& node : walk.tree) {
    if (!S_ISREG(node.mode)) {
      continue;
    }
    File file;
    file.offsets = units_of(node, walk.extents_known, unit_bytes_);
    if (file.offsets.empty()) {
      continue;
    }
    file.fd = open_for_data(root, node.path);
    struct stat status = {};
    if (!file.fd.valid() || ::fstat(file.fd.get(), &status) != 0) {
      problems.add("open", node.path, errno);
      continue;
    }
    file.path = node.path;
    file.size_bytes = node.size_bytes;
    file.inode = status.st_ino;
    file.generation = generation_of(file.fd);
    if (++open_files > most) {
      file.fd.reset();
    }
    files_.push_back(std::move(file));
  }
}

DataReader::~DataReader() = default;

void DataReader::read_unit(const File& file, const Fd& fd, std::uint64_t offset_bytes,
                           DataUnit& unit) {
  const std::uint64_t end = std::min(offset_bytes + unit_bytes_, file.size_bytes);
  const std::uint64_t from = offset_bytes / block_bytes_ * block_bytes_;
  const std::size_t wanted =
      (end - from + block_bytes_ - 1) / block_bytes_ * block_bytes_;
  std::size_t done = 0;
  while (from + done < end) {
    const ssize_t got = ::pread(fd.get(), buffer_.get() + done, wanted - done,
                                static_cast<off_t>(from + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      unit.error = errno;
      return;
    }
    if (got == 0) {
      break;  // shorter than its size says
    }
    done += static_cast<std::size_t>(got);
  }
  const std::size_t skipped = offset_bytes - from;
  const std::size_t length = std::min<std::size_t>(done, end - from);
  const std::span<const std::byte> bytes(buffer_.get() + skipped,
                                         length > skipped ? length - skipped : 0);
  unit.digest = fmt::format("{:016x}", XXH64(bytes.data(), bytes.size(), 0));
  if (want_bytes_) {
    unit.bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  if (bytes.size() != end - offset_bytes) {
    unit.problem = fmt::format("{} bytes instead of {} before the end of the file",
                               bytes.size(), end - offset_bytes);
  } else if (file.generation) {
    unit.problem = stamp_problem(bytes, file.inode, *file.generation, offset_bytes);
  }
}

std::vector<DataUnit> DataReader::read(
    const std::function<void(std::size_t unit)>& begin_unit) {
  std::vector<DataUnit> units;
  for (const File& file : files_) {
    Fd opened;
    if (!file.fd.valid()) {
      opened = open_for_data(root_, file.path);
      if (!opened.valid()) {
        problems_.add("open", file.path, errno);
        continue;
      }
    }
    for (const std::uint64_t offset : file.offsets) {
      begin_unit(units.size());
      DataUnit unit;
      unit.path = file.path;
      unit.offset_bytes = offset;
      read_unit(file, file.fd.valid() ? file.fd : opened, offset, unit);
      units.push_back(std::move(unit));
    }
  }
  return units;
}

}  // namespace powercut
