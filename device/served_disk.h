// SPDX-License-Identifier: GPL-2.0-only
//
// A disk made of a source of bytes, an overlay that takes the writes, and two optional
// observers: a footprint (what was read before it was written) and a recorder (what was
// written, as a write log). It knows nothing of FUSE, loops or guests; a DiskServer
// shows it to them.

#pragma once

#include "base/block_source.h"
#include "base/error.h"
#include "device/footprint.h"
#include "device/overlay.h"
#include "log/event_sink.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <vector>

namespace powercut {

// What came in since the disk was made or reset.
struct DiskCounters {
  std::uint64_t reads = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t writes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t discards = 0;  // and write-zeroes
  std::uint64_t flushes = 0;
};

// Who sends a write and how; goes into the log.
struct WriteFlags {
  std::uint32_t pid = 0;
  bool fua = false;
  bool meta = false;
  bool sync = false;
};

// Requests (read, write, discard, write_zeroes, flush) may come from any thread and
// return 0 or a positive errno. reset() and begin_probe() belong to the
// thread that drives the states, when no request is in flight that it cares about.
//
// Recorded order: a write is submitted, then applied and completed under the lock of the
// disk. So overlapping writes land in the order of their completions, and a linear
// replay of the log in that order gives this disk byte for byte.
class ServedDisk {
 public:
  struct Options {
    std::unique_ptr<Overlay> overlay;        // null: a MemoryOverlay
    std::uint32_t footprint_unit_bytes = 0;  // 0: no footprint; else 512..65536
    EventSink* recorder = nullptr;           // null: none; must outlive the disk
    std::uint16_t device = 0;                // the recorder's number for this disk
    bool read_only = false;                  // writes fail with EROFS
  };

  // `size_bytes` is a multiple of 512. A null source is a disk of zeros.
  ServedDisk(std::uint64_t size_bytes, std::shared_ptr<const BlockSource> source,
             Options options);
  // As large as its source.
  ServedDisk(const std::shared_ptr<const BlockSource>& source, Options options);
  ~ServedDisk();

  std::uint64_t size_bytes() const { return size_bytes_.load(std::memory_order_relaxed); }

  bool read_only() const { return read_only_; }

  // The range must lie within the disk, else EINVAL.
  [[nodiscard]] int read(std::uint64_t offset_bytes, std::span<std::byte> out);
  [[nodiscard]] int write(std::uint64_t offset_bytes, std::span<const std::byte> data,
                          const WriteFlags& flags = {});
  [[nodiscard]] int discard(std::uint64_t offset_bytes, std::uint64_t length_bytes,
                            const WriteFlags& flags = {});
  [[nodiscard]] int write_zeroes(std::uint64_t offset_bytes, std::uint64_t length_bytes,
                                 bool nounmap, const WriteFlags& flags = {});
  [[nodiscard]] int flush(const WriteFlags& flags = {});

  // Takes another source, of any size, and forgets overlay, footprint, counters and
  // read error; in O(changed).
  void reset(std::shared_ptr<const BlockSource> source);

  // Shows the source again as it is; what was read stays read.
  void forget_changes();

  // From here on changes go to this recorder too; null: to none. It must outlive the
  // disk, or be taken away again when no request is in flight.
  void record_to(EventSink* recorder);

  // Every recorded write stays in flight so long: as on a disk that is slower than
  // memory, where what does not wait for its writes is seen not to. 0: not at all.
  void set_write_latency(std::chrono::milliseconds latency) { latency_ = latency; }

  // Keeps footprints in units of so many bytes from here on; forgets what was read.
  void set_footprint_unit(std::uint32_t unit_bytes);

  // See Footprint. The lists are empty if there is no footprint.
  void begin_probe(std::size_t index);
  std::vector<std::uint64_t> footprint(std::size_t probe = 0) const;

  DiskCounters counters() const;

  // Why the recorder failed, after which every write and flush fails with EIO.
  std::optional<Error> recorder_error() const;
  // The first failure of the source or overlay since the last reset.
  std::optional<Error> read_error() const;

 private:
  bool in_range(std::uint64_t offset_bytes, std::uint64_t length_bytes) const;
  void note_read(std::uint64_t offset_bytes, std::uint64_t length_bytes);
  int read_locked(std::uint64_t offset_bytes, std::span<std::byte> out);
  int apply(const Submission& submission, std::span<const std::byte> data);
  int write_part_of_sectors(std::uint64_t offset_bytes, std::span<const std::byte> data,
                            const WriteFlags& flags);
  int clear(Op op, bool nounmap, std::uint64_t offset_bytes, std::uint64_t length_bytes,
            const WriteFlags& flags);
  int submit_and_apply(Submission submission, std::span<const std::byte> data,
                       const WriteFlags& flags, bool locked);
  int record_failed(const Error& error);

  std::unique_ptr<Overlay> overlay_;  // mutex_
  std::atomic<EventSink*> recorder_;
  std::uint16_t device_;
  bool read_only_;
  std::atomic<std::uint64_t> size_bytes_;
  std::atomic<bool> recorder_failed_{false};
  std::atomic<std::chrono::milliseconds> latency_{std::chrono::milliseconds(0)};

  // Shared by readers, alone for writers. Taken before side_mutex_ and before any lock
  // of the recorder.
  mutable std::shared_mutex mutex_;
  std::shared_ptr<const BlockSource> source_;  // mutex_

  mutable std::mutex side_mutex_;
  std::optional<Footprint> footprint_;   // side_mutex_
  std::optional<Error> recorder_error_;  // side_mutex_
  std::optional<Error> read_error_;      // side_mutex_
  DiskCounters counters_;                // side_mutex_
};

}  // namespace powercut
