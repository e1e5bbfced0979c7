// SPDX-License-Identifier: GPL-2.0-only

#include "log/format1_entry.h"

#include "kernel/log-writes/log_format.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <algorithm>

namespace powercut {

namespace {

constexpr std::uint64_t kKnownFlags =
    PC_LOG1_FLUSH | PC_LOG1_FUA | PC_LOG1_DISCARD | PC_LOG1_MARK | PC_LOG1_METADATA;

}  // namespace

bool Format1Entry::is_mark() const {
  return (flags & PC_LOG1_MARK) != 0;
}

bool Format1Entry::is_flush() const {
  return (flags & PC_LOG1_FLUSH) != 0;
}

bool Format1Entry::is_discard() const {
  return (flags & PC_LOG1_DISCARD) != 0;
}

tl::expected<Format1Entry, std::string> decode_entry(std::span<const std::byte> file,
                                                     std::uint64_t position,
                                                     std::uint32_t sector_bytes) {
  if (position > file.size() || file.size() - position < sector_bytes) {
    return tl::unexpected(
        fmt::format("the file ends at byte {}, within its header", file.size()));
  }
  const pc_log1_entry raw = load_struct<pc_log1_entry>(file, position);
  const std::uint64_t sector = from_le<std::uint64_t>(raw.sector);
  const std::uint64_t nr_sectors = from_le<std::uint64_t>(raw.nr_sectors);
  const std::uint64_t data_len = from_le<std::uint64_t>(raw.data_len);
  Format1Entry entry;
  entry.flags = from_le<std::uint64_t>(raw.flags);
  if ((entry.flags & ~kKnownFlags) != 0) {
    return tl::unexpected(
        fmt::format("unknown flag bits {:#x}", entry.flags & ~kKnownFlags));
  }
  const Checked offset = multiply_checked(sector, sector_bytes);
  const Checked length = multiply_checked(nr_sectors, sector_bytes);
  const Checked device_end = add_checked(offset, length);
  if (!device_end || *device_end > kMaxDeviceBytes) {
    return tl::unexpected(
        fmt::format("{} sectors at sector {} are beyond any device", nr_sectors, sector));
  }
  entry.offset_bytes = *offset;
  entry.length_bytes = *length;
  entry.data_pos = position + sector_bytes;
  entry.next_pos = entry.data_pos;
  if (!entry.is_discard()) {
    if (*length > file.size() - entry.data_pos) {
      return tl::unexpected(
          fmt::format("its {} sectors of data from byte {} on do not fit in the file, "
                      "which ends at byte {}",
                      nr_sectors, entry.data_pos, file.size()));
    }
    entry.next_pos += *length;
  }
  if (entry.is_mark()) {
    if (data_len > sector_bytes - sizeof(pc_log1_entry)) {
      return tl::unexpected(fmt::format(
          "a mark of {} bytes does not fit in a sector of {}", data_len, sector_bytes));
    }
    const auto text = file.subspan(position + sizeof(pc_log1_entry), data_len);
    const auto end = std::find(text.begin(), text.end(), std::byte{0});
    entry.mark = {reinterpret_cast<const char*>(text.data()),
                  static_cast<std::size_t>(end - text.begin())};
  }
  return entry;
}

bool looks_written(std::span<const std::byte> file, std::uint64_t position,
                   std::uint32_t sector_bytes) {
  const pc_log1_entry raw = load_struct<pc_log1_entry>(file, position);
  const std::uint64_t flags = from_le<std::uint64_t>(raw.flags);
  const std::uint64_t data_len = from_le<std::uint64_t>(raw.data_len);
  const bool mark = (flags & PC_LOG1_MARK) != 0;
  if ((!mark && data_len != 0) || (mark && raw.nr_sectors != 0)) {
    return false;
  }
  if (raw.sector == 0 && raw.nr_sectors == 0 && flags == 0) {
    return false;  // a zero-filled tail, and QEMU's empty entry: taken for the tail
  }
  const std::uint64_t used = sizeof(pc_log1_entry) + (mark ? data_len : 0);
  const auto padding = file.subspan(position + used, sector_bytes - used);
  return std::all_of(padding.begin(), padding.end(),
                     [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace powercut
