// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/ext2_io.h"

#include <fmt/format.h>

#include <et/com_err.h>

#include <cerrno>
#include <cstdint>
#include <mutex>
#include <span>

namespace powercut {

// The functions of our io_manager. Each gets a channel whose private data is the disk.
struct Ext2Io {
  // The one that open() below is called for: an io_manager is told a name and no more.
  static thread_local Ext2Disk* opening;

  static Ext2Disk& disk_of(io_channel channel) {
    return *static_cast<Ext2Disk*>(channel->private_data);
  }

  static errcode_t open(const char* /*name*/, int /*flags*/, io_channel* channel);
  static errcode_t close(io_channel channel);
  static errcode_t set_block_size(io_channel channel, int bytes);
  static errcode_t read64(io_channel channel, unsigned long long block, int count,
                          void* data);
  static errcode_t read(io_channel channel, unsigned long block, int count, void* data);
  static errcode_t write64(io_channel /*channel*/, unsigned long long /*block*/,
                           int /*count*/, const void* /*data*/);
  static errcode_t write(io_channel /*channel*/, unsigned long /*block*/, int /*count*/,
                         const void* /*data*/);

  static errcode_t flush(io_channel /*channel*/) { return 0; }

  static io_manager manager();
};

thread_local Ext2Disk* Ext2Io::opening = nullptr;

errcode_t Ext2Io::open(const char* /*name*/, int /*flags*/, io_channel* channel) {
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): close() below deletes it.
  auto* made = new struct_io_channel{};
  made->magic = EXT2_ET_MAGIC_IO_CHANNEL;
  made->manager = manager();
  made->name = nullptr;
  made->block_size = 1024;
  made->refcount = 1;
  made->private_data = opening;
  *channel = made;
  return 0;
}

errcode_t Ext2Io::close(io_channel channel) {
  if (--channel->refcount == 0) {
    delete channel;
  }
  return 0;
}

errcode_t Ext2Io::set_block_size(io_channel channel, int bytes) {
  channel->block_size = bytes;
  return 0;
}

errcode_t Ext2Io::read64(io_channel channel, unsigned long long block, int count,
                         void* data) {
  Ext2Disk& disk = disk_of(channel);
  const auto block_bytes = static_cast<std::uint64_t>(channel->block_size);
  // A negative count is one of bytes.
  const std::uint64_t length = count < 0
                                   ? static_cast<std::uint64_t>(-std::int64_t{count})
                                   : static_cast<std::uint64_t>(count) * block_bytes;
  const std::uint64_t size = disk.subject_.size_bytes(disk.disk_);
  if (block > size / block_bytes || length > size - block * block_bytes) {
    return EXT2_ET_SHORT_READ;
  }
  const Status status = disk.subject_.read(
      disk.disk_, block * block_bytes, std::span(static_cast<std::byte*>(data), length));
  if (!status) {
    if (!disk.read_error_) {
      disk.read_error_ = status.error();
    }
    return EIO;
  }
  return 0;
}

errcode_t Ext2Io::read(io_channel channel, unsigned long block, int count, void* data) {
  return read64(channel, block, count, data);
}

errcode_t Ext2Io::write64(io_channel /*channel*/, unsigned long long /*block*/,
                          int /*count*/, const void* /*data*/) {
  return EROFS;
}

errcode_t Ext2Io::write(io_channel /*channel*/, unsigned long /*block*/, int /*count*/,
                        const void* /*data*/) {
  return EROFS;
}

io_manager Ext2Io::manager() {
  static struct_io_manager shared = [] {
    struct_io_manager made{};
    made.magic = EXT2_ET_MAGIC_IO_MANAGER;
    made.name = "powercut";
    made.open = &Ext2Io::open;
    made.close = &Ext2Io::close;
    made.set_blksize = &Ext2Io::set_block_size;
    made.read_blk = &Ext2Io::read;
    made.read_blk64 = &Ext2Io::read64;
    made.write_blk = &Ext2Io::write;
    made.write_blk64 = &Ext2Io::write64;
    made.flush = &Ext2Io::flush;
    return made;
  }();
  return &shared;
}

Result<std::unique_ptr<Ext2Disk>> Ext2Disk::open(const Subject& subject,
                                                 std::size_t disk) {
  static std::once_flag messages;
  std::call_once(messages, [] { initialize_ext2_error_table(); });
  std::unique_ptr<Ext2Disk> opened(new Ext2Disk(subject, disk));
  Ext2Io::opening = opened.get();
  const errcode_t code = ext2fs_open("disk", EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP, 0, 0,
                                     Ext2Io::manager(), &opened->fs_);
  Ext2Io::opening = nullptr;
  if (code != 0) {
    opened->fs_ = nullptr;
    return fail(opened->error(code, "superblock"));
  }
  return opened;
}

Ext2Disk::~Ext2Disk() {
  if (fs_ != nullptr) {
    ext2fs_free(fs_);
  }
}

Error Ext2Disk::error(errcode_t code, const std::string& object) const {
  if (read_error_) {
    return *read_error_;
  }
  return Error{ErrorKind::kBadInput, fmt::format("{}: {}", object, error_message(code)),
               ""};
}

}  // namespace powercut
