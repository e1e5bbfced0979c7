// SPDX-License-Identifier: GPL-2.0-only

#include "device/file_extents.h"

#include "base/fd.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

namespace powercut {

namespace {

constexpr std::size_t kExtentsAtOnce = 128;
constexpr std::size_t kSearchBytes = 64 << 10;
constexpr std::size_t kAlignment = 4096;

struct Chunk {
  std::uint64_t begin = 0;  // an address of btrfs
  std::uint64_t length = 0;
  std::vector<std::uint64_t> copies;  // where it lies on the device
};

std::string named(const std::filesystem::path& name) {
  return name.native();
}

std::uint64_t little(const std::byte* at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    value |= std::to_integer<std::uint64_t>(at[i]) << (8 * i);
  }
  return value;
}

// The chunk tree of a btrfs of one device, by address.
class ChunkMap {
 public:
  static Result<ChunkMap> read(int fd, const std::filesystem::path& name);

  // Nothing if no chunk has the address.
  const Chunk* find(std::uint64_t address) const {
    const auto behind =
        std::partition_point(chunks_.begin(), chunks_.end(),
                             [&](const Chunk& chunk) { return chunk.begin <= address; });
    if (behind == chunks_.begin() ||
        address - std::prev(behind)->begin >= std::prev(behind)->length) {
      return nullptr;
    }
    return &*std::prev(behind);
  }

 private:
  void add(std::uint64_t address, std::span<const std::byte> item);

  std::vector<Chunk> chunks_;
};

// One stripe, or copies of the same on one device: with RAID0 and its kin a chunk would
// lie in pieces on several devices, of which there is one.
void ChunkMap::add(std::uint64_t address, std::span<const std::byte> item) {
  if (item.size() < offsetof(btrfs_chunk, stripe)) {
    return;
  }
  Chunk chunk;
  chunk.begin = address;
  chunk.length = little(item.data() + offsetof(btrfs_chunk, length), 8);
  const std::uint64_t stripes =
      little(item.data() + offsetof(btrfs_chunk, num_stripes), 2);
  for (std::uint64_t i = 0; i < stripes; ++i) {
    const std::size_t at = offsetof(btrfs_chunk, stripe) + i * sizeof(btrfs_stripe) +
                           offsetof(btrfs_stripe, offset);
    if (at + 8 <= item.size()) {
      chunk.copies.push_back(little(item.data() + at, 8));
    }
  }
  chunks_.push_back(std::move(chunk));
}

Result<ChunkMap> ChunkMap::read(int fd, const std::filesystem::path& name) {
  btrfs_ioctl_fs_info_args info = {};
  if (::ioctl(fd, BTRFS_IOC_FS_INFO, &info) != 0) {
    return fail(system_error("cannot ask the btrfs of " + named(name), errno));
  }
  if (info.num_devices != 1) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("the btrfs of {} lies on {} devices", named(name), info.num_devices),
        "extents are told of one device only");
  }
  const std::size_t bytes = sizeof(btrfs_ioctl_search_args_v2) + kSearchBytes;
  std::vector<std::byte> storage(bytes);
  auto* const search = reinterpret_cast<btrfs_ioctl_search_args_v2*>(storage.data());
  ChunkMap map;
  btrfs_ioctl_search_key& key = search->key;
  for (std::uint64_t from = 0;;) {
    std::memset(storage.data(), 0, bytes);
    key.tree_id = BTRFS_CHUNK_TREE_OBJECTID;
    key.min_objectid = key.max_objectid = BTRFS_FIRST_CHUNK_TREE_OBJECTID;
    key.min_type = key.max_type = BTRFS_CHUNK_ITEM_KEY;
    key.min_offset = from;
    key.max_offset = UINT64_MAX;
    key.max_transid = UINT64_MAX;
    key.nr_items = UINT32_MAX;
    search->buf_size = kSearchBytes;
    if (::ioctl(fd, BTRFS_IOC_TREE_SEARCH_V2, search) != 0) {
      Error error = system_error("cannot read the chunk tree of " + named(name), errno);
      error.hint = errno == EPERM ? "only root may" : error.hint;
      return fail(std::move(error));
    }
    if (key.nr_items == 0) {
      return map;
    }
    const auto* at = reinterpret_cast<const std::byte*>(search->buf);
    for (std::uint32_t i = 0; i < key.nr_items; ++i) {
      btrfs_ioctl_search_header header = {};
      std::memcpy(&header, at, sizeof(header));
      at += sizeof(header);
      if (header.type == BTRFS_CHUNK_ITEM_KEY) {
        map.add(header.offset, {at, header.len});
      }
      at += header.len;
      from = header.offset;
    }
    if (from == UINT64_MAX) {
      return map;
    }
    ++from;
  }
}

class Placer {
 public:
  Placer(int fd, const std::filesystem::path& name) : fd_(fd), name_(name) {}

  Result<PlacedFile> run();

 private:
  Status check_file();
  Status add(const fiemap_extent& extent);
  Status place(PlacedExtent extent);

  int fd_;
  const std::filesystem::path& name_;
  std::optional<ChunkMap> chunks_;  // of a btrfs
  PlacedFile placed_;
};

Status Placer::check_file() {
  struct stat status = {};
  struct statfs system = {};
  if (::fstat(fd_, &status) != 0 || ::fstatfs(fd_, &system) != 0) {
    return fail(system_error("cannot look at " + named(name_), errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorKind::kUsage, named(name_) + " is no regular file",
                "extents are those of a file's data");
  }
  fsxattr attributes = {};
  if (::ioctl(fd_, FS_IOC_FSGETXATTR, &attributes) == 0 &&
      (attributes.fsx_xflags & FS_XFLAG_REALTIME) != 0) {
    return fail(ErrorKind::kUsage,
                named(name_) + " lies on the realtime device of its XFS",
                "extents are told of the data device only");
  }
  if (system.f_type == BTRFS_SUPER_MAGIC) {
    PC_ASSIGN_OR_RETURN(chunks_, ChunkMap::read(fd_, name_));
  }
  return {};
}

// An address of FIEMAP as places of the device.
Status Placer::place(PlacedExtent extent) {
  if (!chunks_) {
    placed_.extents.push_back(extent);
    return {};
  }
  for (std::uint64_t left = extent.length_bytes; left > 0;) {
    const Chunk* const chunk = chunks_->find(extent.device_offset_bytes);
    if (chunk == nullptr || chunk->copies.empty()) {
      return fail(ErrorKind::kSystem,
                  fmt::format("no chunk of the btrfs of {} has the address {}",
                              named(name_), extent.device_offset_bytes),
                  "was it balanced meanwhile? try again");
    }
    const std::uint64_t within = extent.device_offset_bytes - chunk->begin;
    const std::uint64_t length = std::min(left, chunk->length - within);
    for (const std::uint64_t copy : chunk->copies) {
      placed_.extents.push_back(
          {copy + within, length, extent.file_offset_bytes, extent.shared});
    }
    extent.device_offset_bytes += length;
    extent.file_offset_bytes += length;
    left -= length;
  }
  return {};
}

Status Placer::add(const fiemap_extent& extent) {
  const std::string where =
      fmt::format("bytes {} to {} of {}", extent.fe_logical,
                  extent.fe_logical + extent.fe_length - 1, named(name_));
  // Inline data comes with NOT_ALIGNED too, and its place with none.
  if ((extent.fe_flags & (FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL)) != 0) {
    placed_.left_out.push_back(where + " lie in the file system's metadata");
    return {};
  }
  if ((extent.fe_flags & FIEMAP_EXTENT_UNWRITTEN) != 0) {
    placed_.left_out.push_back(where + " are preallocated, and were never written");
    return {};
  }
  if ((extent.fe_flags & (FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC)) != 0) {
    return fail(ErrorKind::kSystem, where + " have no place yet",
                "is the file being written to? fsync it, and try again");
  }
  if ((extent.fe_flags & FIEMAP_EXTENT_ENCODED) != 0 &&
      (extent.fe_flags & FIEMAP_EXTENT_DATA_ENCRYPTED) == 0) {
    return fail(ErrorKind::kUsage, where + " are compressed: their place is not told",
                "write the file without compression");
  }
  return place({extent.fe_physical, extent.fe_length, extent.fe_logical,
                (extent.fe_flags & FIEMAP_EXTENT_SHARED) != 0});
}

Result<PlacedFile> Placer::run() {
  PC_RETURN_IF_ERROR(check_file());
  const std::size_t bytes = sizeof(fiemap) + kExtentsAtOnce * sizeof(fiemap_extent);
  std::vector<std::byte> storage(bytes);
  auto* const map = reinterpret_cast<fiemap*>(storage.data());
  for (std::uint64_t from = 0;;) {
    std::memset(storage.data(), 0, bytes);
    map->fm_start = from;
    map->fm_length = FIEMAP_MAX_OFFSET - from;
    map->fm_flags = FIEMAP_FLAG_SYNC;
    map->fm_extent_count = kExtentsAtOnce;
    if (::ioctl(fd_, FS_IOC_FIEMAP, map) != 0) {
      Error error = system_error("cannot ask where " + named(name_) + " lies", errno);
      if (errno == EOPNOTSUPP || errno == ENOTTY) {
        error.hint = "its file system does not tell: ext4, XFS, btrfs and f2fs do";
      }
      return fail(std::move(error));
    }
    for (std::uint32_t i = 0; i < map->fm_mapped_extents; ++i) {
      const fiemap_extent& extent = map->fm_extents[i];
      PC_RETURN_IF_ERROR(add(extent));
      from = extent.fe_logical + extent.fe_length;
      if ((extent.fe_flags & FIEMAP_EXTENT_LAST) != 0) {
        return std::move(placed_);
      }
    }
    if (map->fm_mapped_extents == 0) {
      return std::move(placed_);
    }
  }
}

struct Free {
  void operator()(std::byte* memory) const { std::free(memory); }
};

}  // namespace

Result<PlacedFile> place_of_file(int fd, const std::filesystem::path& name) {
  return Placer(fd, name).run();
}

Status write_in_place(int fd, const std::filesystem::path& name,
                      const std::filesystem::path& device, std::uint64_t offset_bytes,
                      std::span<const std::byte> data) {
  PC_ASSIGN_OR_RETURN(const PlacedFile placed, place_of_file(fd, name));
  const std::uint64_t end = offset_bytes + data.size();
  std::uint64_t reached = offset_bytes;  // all before has a place
  for (const PlacedExtent& extent : placed.extents) {
    if (extent.file_offset_bytes <= reached) {
      reached = std::max(reached, extent.file_offset_bytes + extent.length_bytes);
    }
  }
  if (reached < end) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("{} has no place on the disk from byte {} on", named(name), reached),
        "holes, preallocated ranges and inline files have none");
  }
  PC_ASSIGN_OR_RETURN(const Fd disk, Fd::open(device, O_WRONLY | O_DIRECT | O_DSYNC));
  const std::unique_ptr<std::byte, Free> memory(
      static_cast<std::byte*>(std::aligned_alloc(
          kAlignment, (data.size() + kAlignment - 1) / kAlignment * kAlignment)));
  if (!memory) {
    return fail(system_error("cannot have memory for a write", ENOMEM));
  }
  for (const PlacedExtent& extent : placed.extents) {
    const std::uint64_t first = std::max(extent.file_offset_bytes, offset_bytes);
    const std::uint64_t last =
        std::min(extent.file_offset_bytes + extent.length_bytes, end);
    if (first >= last) {
      continue;
    }
    const std::span<std::byte> part(memory.get(), last - first);
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(first - offset_bytes),
                part.size(), part.begin());
    PC_RETURN_IF_ERROR(write_fully(
        disk, part, extent.device_offset_bytes + first - extent.file_offset_bytes,
        device));
  }
  return {};
}

}  // namespace powercut
