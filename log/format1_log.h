// SPDX-License-Identifier: GPL-2.0-only
//
// A format-1 log, as dm-log-writes and QEMU's blklogwrites write it.
//
// The format has no checksum and no index: opening it follows the entry headers once,
// checks each, and keeps the position of every 64th. The superblock's count goes stale
// (it is written only now and then), so entries past it are taken too as long as they
// look sound, if the caller wants that; the sink hears of it.

#pragma once

#include "base/mapped_file.h"
#include "log/format1_entry.h"
#include "log/log.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace powercut {

// The mark with which dm-log-writes ends a log when it is removed.
inline constexpr std::string_view kFormat1EndMark = "dm-log-writes-end";

// An entry becomes a submission and at once its completion, with the same seq: the
// entry's index. An entry with FLUSH and data becomes a flush, then the write. An entry
// of no bytes becomes no event, but counts.
class Format1Log : public Log {
 public:
  // `name` is what messages call the file.
  static Result<std::unique_ptr<Log>> open(MappedFile file, const std::string& name,
                                           const LogOptions& options, DamageSink& sink);

  LogFormat format() const override { return LogFormat::k1; }

  std::string description() const override;

  const std::vector<Device>& devices() const override { return devices_; }

  std::uint64_t entry_count() const override { return entry_count_; }

  LogEnd end() const override { return end_; }

  std::uint64_t end_bytes() const override { return end_bytes_; }

  void visit(const Visitor& visitor) const override { visit_from(0, visitor); }

  void visit_from(std::uint64_t seq, const Visitor& visitor) const override;
  std::span<const std::byte> bytes(std::uint64_t pos,
                                   std::uint64_t length) const override;

  void drop_pages() const override { file_.drop_pages(); }

  std::uint64_t digest() const override { return digest_; }

 private:
  class Pass;

  Format1Log(MappedFile file, std::uint32_t sector_bytes);

  MappedFile file_;
  std::uint32_t sector_bytes_;
  std::vector<Device> devices_;
  std::vector<std::uint64_t> positions_;  // of entries 0, 64, 128, ...
  std::uint64_t entry_count_ = 0;
  std::uint64_t end_bytes_ = 0;
  std::uint64_t digest_ = 0;
  LogEnd end_ = LogEnd::kCut;
  bool as_qemu_writes_ = false;
};

}  // namespace powercut
