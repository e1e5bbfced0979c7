// SPDX-License-Identifier: GPL-2.0-only

#include "log/format1_writer.h"

#include "base/ensure.h"
#include "kernel/log-writes/log_format.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace powercut {

namespace {

constexpr std::size_t kBufferBytes = 1U << 20;

// The rest of pc_log1_super means nothing, and zeros are what QEMU writes.
constexpr std::size_t kSuperUsedBytes = offsetof(pc_log1_super, unused);

}  // namespace

Format1Writer::Format1Writer(Fd fd, std::filesystem::path path,
                             std::uint32_t sector_bytes, bool holes)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      sector_bytes_(sector_bytes),
      holes_(holes),
      position_(sector_bytes) {}

Result<Format1Writer> Format1Writer::create(const std::filesystem::path& path,
                                            std::uint32_t sector_bytes) {
  if (!is_power_of_two_between(sector_bytes, kMinBlockBytes, kMaxBlockBytes)) {
    return fail(ErrorKind::kUsage,
                fmt::format("unsupported sector size {} of a log", sector_bytes));
  }
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(path, O_RDWR | O_CREAT | O_TRUNC));

  struct stat status {};

  if (::fstat(fd.get(), &status) != 0) {
    return fail(system_error(fmt::format("cannot stat {}", path.string()), errno));
  }
  Format1Writer writer(std::move(fd), path, sector_bytes, S_ISREG(status.st_mode));
  PC_RETURN_IF_ERROR(writer.update_super());
  return writer;
}

std::uint64_t Format1Writer::max_mark_bytes(std::uint32_t sector_bytes) {
  return sector_bytes - sizeof(pc_log1_entry) - 1;
}

Status Format1Writer::entry(const Format1Item& item, std::span<const std::byte> data) {
  const bool discard = (item.flags & PC_LOG1_DISCARD) != 0;
  PC_ENSURE(data.size() == (discard ? 0 : item.length_bytes),
            "an entry's data is not of its length");
  PC_RETURN_IF_ERROR(header(item, {}));
  return put(data);
}

Status Format1Writer::zero_entry(const Format1Item& item) {
  PC_RETURN_IF_ERROR(header(item, {}));
  if (holes_) {
    PC_RETURN_IF_ERROR(flush_buffer());
    position_ += item.length_bytes;
    if (::ftruncate(fd_.get(), static_cast<off_t>(position_)) != 0) {
      return fail(system_error(
          fmt::format("cannot extend {} to {} bytes", path_.string(), position_), errno));
    }
    return {};
  }
  const std::vector<std::byte> zeros(
      std::min<std::uint64_t>(item.length_bytes, kBufferBytes));
  for (std::uint64_t left = item.length_bytes; left > 0;) {
    const std::uint64_t step = std::min<std::uint64_t>(left, zeros.size());
    PC_RETURN_IF_ERROR(put(std::span(zeros).first(step)));
    left -= step;
  }
  return {};
}

Status Format1Writer::mark(std::string_view text) {
  if (text.size() > max_mark_bytes(sector_bytes_)) {
    return fail(ErrorKind::kUsage,
                fmt::format("a mark of {} bytes does not fit in a format-1 log with "
                            "sectors of {} bytes (at most {})",
                            text.size(), sector_bytes_, max_mark_bytes(sector_bytes_)));
  }
  return header({.flags = PC_LOG1_MARK}, text);
}

Status Format1Writer::header(const Format1Item& item, std::string_view text) {
  if (item.offset_bytes % sector_bytes_ != 0 || item.length_bytes % sector_bytes_ != 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} bytes at byte {} are not whole sectors of {} bytes",
                            item.length_bytes, item.offset_bytes, sector_bytes_));
  }
  pc_log1_entry raw{};
  raw.sector = to_le<std::uint64_t>(item.offset_bytes / sector_bytes_);
  raw.nr_sectors = to_le<std::uint64_t>(item.length_bytes / sector_bytes_);
  raw.flags = to_le<std::uint64_t>(item.flags);
  raw.data_len = to_le<std::uint64_t>(text.size());
  std::vector<std::byte> sector(sector_bytes_);
  std::ranges::copy(bytes_of(raw), sector.begin());
  std::ranges::copy(std::as_bytes(std::span(text)), sector.begin() + sizeof(raw));
  ++entry_count_;
  return put(sector);
}

Status Format1Writer::put(std::span<const std::byte> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return buffer_.size() >= kBufferBytes ? flush_buffer() : Status{};
}

Status Format1Writer::flush_buffer() {
  PC_RETURN_IF_ERROR(write_fully(fd_, buffer_, position_, path_));
  position_ += buffer_.size();
  buffer_.clear();
  return {};
}

Status Format1Writer::update_super() {
  PC_RETURN_IF_ERROR(flush_buffer());
  pc_log1_super super{};
  super.magic = to_le<std::uint64_t>(PC_LOG1_MAGIC);
  super.version = to_le<std::uint64_t>(PC_LOG1_VERSION);
  super.nr_entries = to_le<std::uint64_t>(entry_count_);
  super.sectorsize = to_le<std::uint32_t>(sector_bytes_);
  std::vector<std::byte> sector(sector_bytes_);
  std::ranges::copy(bytes_of(super).first(kSuperUsedBytes), sector.begin());
  return write_fully(fd_, sector, 0, path_);
}

Status Format1Writer::close() {
  PC_RETURN_IF_ERROR(update_super());
  if (::fdatasync(fd_.get()) != 0) {
    return fail(system_error(fmt::format("cannot sync {}", path_.string()), errno));
  }
  return {};
}

}  // namespace powercut
