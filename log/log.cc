// SPDX-License-Identifier: GPL-2.0-only

#include "log/log.h"

#include "base/mapped_file.h"
#include "kernel/log-writes/log_format.h"
#include "log/format1_log.h"
#include "log/format2_log.h"
#include "log/wire.h"

#include <fmt/format.h>

#include <optional>
#include <system_error>

namespace powercut {

namespace {

struct Compression {
  std::string_view magic;
  const char* name;
  const char* command;
};

// A log is often kept compressed; zstd's frame is what our own tests use.
constexpr Compression kCompressions[] = {
    {"\x28\xb5\x2f\xfd", "zstd", "zstd -d"},
    {"\x1f\x8b", "gzip", "gzip -d"},
    {std::string_view("\xfd"
                      "7zXZ\0",
                      6),
     "xz", "xz -d"},
};

const Compression* compression_of(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Compression& compression : kCompressions) {
    if (text.starts_with(compression.magic)) {
      return &compression;
    }
  }
  return nullptr;
}

std::uint64_t magic_at(std::span<const std::byte> bytes, std::uint64_t position) {
  return bytes.size() < position + 8
             ? 0
             : from_le(load_struct<std::uint64_t>(bytes, position));
}

tl::unexpected<Error> unknown_format(std::span<const std::byte> bytes,
                                     const std::string& name) {
  if (const Compression* compression = compression_of(bytes)) {
    return fail(ErrorKind::kBadInput,
                fmt::format("cannot open log {}: it is compressed with {}", name,
                            compression->name),
                fmt::format("decompress it first: {} {}", compression->command, name));
  }
  if (bytes.size() < sizeof(pc_log1_super)) {
    return fail(ErrorKind::kBadInput,
                fmt::format("cannot open log {}: {} bytes are too few for a superblock",
                            name, bytes.size()));
  }
  return fail(
      ErrorKind::kBadInput,
      fmt::format("cannot open log {}: bad magic {:#x} at byte 0 (expected {:#x} or "
                  "{:#x})",
                  name, magic_at(bytes, 0), PC_LOG1_MAGIC, PC_LOG2_MAGIC));
}

}  // namespace

void DamageList::on_damage(std::uint64_t /*offset_bytes*/, std::uint64_t /*length_bytes*/,
                           const std::string& why) {
  sentences_.push_back(why);
}

Result<std::unique_ptr<Log>> Log::open(const std::filesystem::path& path,
                                       const LogOptions& options, DamageSink& sink) {
  const std::string name = path.string();
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return fail(ErrorKind::kBadInput,
                fmt::format("cannot open log {}: it is a directory", name));
  }
  auto opened = MappedFile::open(path);
  if (!opened) {
    Error error = std::move(opened).error();
    error.message.replace(0, std::string_view("cannot open").size(), "cannot open log");
    return fail(std::move(error));
  }
  MappedFile file = std::move(*opened);
  const std::span<const std::byte> bytes = file.bytes();
  if (bytes.empty()) {
    return fail(ErrorKind::kBadInput,
                fmt::format("cannot open log {}: it is empty", name));
  }
  if (magic_at(bytes, 0) == PC_LOG1_MAGIC) {
    return Format1Log::open(std::move(file), name, options, sink);
  }
  // The first slot may be torn while the second is good.
  if (magic_at(bytes, 0) == PC_LOG2_MAGIC ||
      magic_at(bytes, PC_SUPER_SLOT_BYTES) == PC_LOG2_MAGIC) {
    return Format2Log::open(std::move(file), name, options, sink);
  }
  return unknown_format(bytes, name);
}

}  // namespace powercut
