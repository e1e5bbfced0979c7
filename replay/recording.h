// SPDX-License-Identifier: GPL-2.0-only
//
// A log made ready for questions: its timeline, its block index, the images its devices
// began with, and their sizes. Everything above the log starts from one of these.

#pragma once

#include "base/block_source.h"
#include "base/result.h"
#include "replay/block_index.h"
#include "replay/timeline.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace powercut {

struct RecordingOptions {
  LogOptions log;
  TimelineOptions timeline;
  // Image of device i before the first event; missing or empty: zeros.
  std::vector<std::filesystem::path> bases;
  // The same, of one that is no file; goes before the image.
  std::vector<std::shared_ptr<const BlockSource>> base_sources;
  // Size of device 0 in bytes; 0: from the log, or from the furthest write.
  std::uint64_t size_bytes = 0;
};

// Immutable; may be read by several threads at once.
class Recording {
 public:
  static Result<std::shared_ptr<const Recording>> open(const std::filesystem::path& path,
                                                       const RecordingOptions& options);

  // Takes a log that is already open (tests, converters).
  static Result<std::shared_ptr<const Recording>> make(std::shared_ptr<const Log> log,
                                                       const RecordingOptions& options);

  const Log& log() const { return *log_; }

  const Timeline& timeline() const { return *timeline_; }

  const BlockIndex& index() const { return *index_; }

  std::size_t device_count() const { return sizes_.size(); }

  std::uint64_t size_bytes(std::uint16_t device) const { return sizes_[device]; }

  // Null: zeros.
  const BlockSource* base(std::uint16_t device) const { return bases_[device].get(); }

  // What the reader dropped, sizes that were guessed, bases that do not fit: sentences
  // for the user.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Recording() = default;

  Status open_base(std::uint16_t device, const std::filesystem::path& path);
  Status settle_sizes(std::uint64_t asked_bytes);

  std::shared_ptr<const Log> log_;
  std::shared_ptr<const Timeline> timeline_;
  std::unique_ptr<const BlockIndex> index_;
  std::vector<std::shared_ptr<const BlockSource>> bases_;
  std::vector<std::uint64_t> sizes_;
  std::vector<std::string> warnings_;
};

// The size a format-1 log's device probably has: the furthest write, rounded up to a
// power of two below 1 GiB and to a multiple of 1 GiB above.
std::uint64_t guess_device_bytes(std::uint64_t extent_bytes);

}  // namespace powercut
