// SPDX-License-Identifier: GPL-2.0-only
//
// Writes a format-2 log to a file or a block device.

#pragma once

#include "base/fd.h"
#include "log/event_sink.h"
#include "log/format2_super.h"
#include "log/segment_builder.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace powercut {

// What happens to a call that the log has no room for.
enum class OnFull {
  kError,  // it fails, and all after it: what cannot be recorded must not happen
  kStop,   // it succeeds unrecorded, and all after it; the log says that it was full
};

struct Format2Options {
  std::vector<Device> devices;
  std::uint64_t log_bytes = 0;  // the log's largest size; 0: as large as the medium
  std::uint32_t block_bytes = 4096;
  OnFull on_full = OnFull::kError;
  // For logs that must come out the same each time: a given identity, no clock.
  std::optional<LogUuid> uuid;
  bool record_times = true;
};

// Safe to call from several threads: one mutex, held while a segment is written. Events
// and data are gathered; a segment is written at 1 MiB of data, 4096 events, a completed
// flush, a mark, and sync(). Memory is bounded by that, plus a few words an open
// submission.
//
// Destroyed without close(), it leaves what a killed recorder leaves: a log whose reader
// says that it was cut off.
class Format2Writer : public EventSink {
 public:
  // Replaces what is in `path`. On a block device the log may take all of it.
  static Result<std::unique_ptr<Format2Writer>> create(const std::filesystem::path& path,
                                                       const Format2Options& options);
  ~Format2Writer() override;

  // A write of more than 64 MiB is refused; split it.
  Result<std::uint64_t> submit(const Submission& submission,
                               std::span<const std::byte> data) override;
  Status complete(std::uint64_t seq, std::uint32_t status) override;
  Status mark(std::string_view text) override;

  // The completion of a write whose data changed in flight: `data` is what was there
  // when it completed.
  Status complete_unstable(std::uint64_t seq, std::span<const std::byte> data);

  // Writes the gathered events out (not through the page cache).
  Status sync();

  // Ends the log cleanly; nothing may be recorded after it.
  Status close();

  // True once an event was not recorded; `why` is its cause.
  bool stopped() const;
  std::string stop_cause() const;

 private:
  struct Open {
    Op op = Op::kNone;
    std::uint16_t device = 0;
    std::uint64_t offset_bytes = 0;
    std::uint64_t length_bytes = 0;
  };

  Format2Writer(Fd fd, std::filesystem::path path, const Format2Options& options);

  Status check(const Submission& submission, std::span<const std::byte> data) const;
  Result<std::uint64_t> append(Event event, std::span<const std::byte> data);
  Status complete_locked(std::uint64_t seq, std::uint32_t status, bool unstable,
                         std::span<const std::byte> data);
  bool fits(std::uint64_t data_bytes) const;
  Status write_segment(std::uint32_t flags);
  Status write_super();
  void stop(const Error& cause);
  Status refusal() const;

  mutable std::mutex mutex_;
  Fd fd_;
  std::filesystem::path path_;
  OnFull on_full_;
  bool record_times_;
  Format2Super super_;
  SegmentBuilder builder_;
  std::unordered_map<std::uint64_t, Open> open_;
  std::uint64_t next_seq_ = 0;
  std::uint64_t super_offset_ = 0;  // the log's length at the last superblock
  std::optional<Error> stop_cause_;
  bool closed_ = false;
};

}  // namespace powercut
