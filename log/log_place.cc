// SPDX-License-Identifier: GPL-2.0-only

#include "log/log_place.h"

#include "base/fd.h"
#include "base/new_file.h"
#include "kernel/log-writes/log_format.h"
#include "log/log.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <span>
#include <vector>

namespace powercut {

namespace {

constexpr std::uint64_t kLookBytes = 1ULL << 20;
constexpr std::uint64_t kCopyBytes = 64ULL << 10;  // a hole is a multiple of it

bool all_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

bool has_magic(std::span<const std::byte> bytes, std::uint64_t position,
               std::uint64_t magic) {
  return bytes.size() >= position + sizeof(magic) &&
         from_le(load_struct<std::uint64_t>(bytes, position)) == magic;
}

// Who reads the log later checks its data.
Result<std::unique_ptr<Log>> open_quickly(const std::filesystem::path& path) {
  DamageList damage;
  LogOptions options;
  options.verify_data = false;
  return Log::open(path, options, damage);
}

}  // namespace

Result<LogPlace> look_at_log_place(const std::filesystem::path& path) {
  PC_ASSIGN_OR_RETURN(const Fd fd, Fd::open(path, O_RDONLY));
  PC_ASSIGN_OR_RETURN(const std::uint64_t size_bytes, size_of(fd, path));
  std::vector<std::byte> first(std::min(kLookBytes, size_bytes));
  PC_RETURN_IF_ERROR(read_fully(fd, first, 0, path));
  if (has_magic(first, 0, PC_LOG1_MAGIC) || has_magic(first, 0, PC_LOG2_MAGIC) ||
      has_magic(first, PC_SUPER_SLOT_BYTES, PC_LOG2_MAGIC)) {
    return LogPlace::kLog;
  }
  std::vector<std::byte> last(first.size());
  PC_RETURN_IF_ERROR(read_fully(fd, last, size_bytes - last.size(), path));
  return all_zero(first) && all_zero(last) ? LogPlace::kBlank : LogPlace::kOther;
}

Result<std::uint64_t> log_bytes(const std::filesystem::path& path) {
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<Log> log, open_quickly(path));
  return log->end_bytes();
}

Result<std::uint64_t> copy_log(const std::filesystem::path& from,
                               const std::filesystem::path& to) {
  PC_RETURN_IF_ERROR(NewFile::check(to, from));
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<Log> log, open_quickly(from));
  NewFile file(to);
  PC_ASSIGN_OR_RETURN(const Fd fd,
                      Fd::open(file.partial(), O_WRONLY | O_CREAT | O_TRUNC));
  const std::uint64_t end = log->end_bytes();
  for (std::uint64_t position = 0; position < end; position += kCopyBytes) {
    const auto bytes = log->bytes(position, std::min(kCopyBytes, end - position));
    if (!all_zero(bytes)) {
      PC_RETURN_IF_ERROR(write_fully(fd, bytes, position, to));
    }
    if (position % (64 * kLookBytes) == 0) {
      log->drop_pages();
    }
  }
  if (::ftruncate(fd.get(), static_cast<off_t>(end)) != 0 || ::fsync(fd.get()) != 0) {
    return fail(system_error(fmt::format("cannot write {}", to.string()), errno));
  }
  PC_RETURN_IF_ERROR(file.finish());
  return end;
}

}  // namespace powercut
