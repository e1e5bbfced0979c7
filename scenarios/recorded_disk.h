// SPDX-License-Identifier: GPL-2.0-only
//
// A served disk that writes down what is done to it, as a file: what a loop device or a
// guest is put on. From the log up to the file, and down again.

#pragma once

#include "base/result.h"
#include "device/disk_server.h"
#include "device/run_dir.h"
#include "device/served_disk.h"
#include "log/format2_writer.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace powercut {

struct RecordedDiskOptions {
  std::filesystem::path log;
  std::string name;                  // of the disk, in the log
  std::uint64_t size_bytes = 0;      // of a new disk
  std::filesystem::path image;       // record over a copy of it instead
  std::filesystem::path keep_image;  // the disk's final bytes go here
  std::uint32_t block_bytes = 512;   // logical block size
};

class RecordedDisk {
 public:
  // `run_dir` must outlive it.
  static Result<std::unique_ptr<RecordedDisk>> build(const RecordedDiskOptions& options,
                                                     const RunDir& run_dir);

  const std::filesystem::path& file() const { return server_->path(0); }

  // A mark in the log; from any thread.
  Status mark(std::string_view text) { return writer_->mark(text); }

  // Why not all could be recorded; of ServedDisk.
  std::optional<Error> recorder_error() const { return disk_->recorder_error(); }

  // Server and log, in that order; an error of the recorder comes first, for the others
  // follow from it. Call it when nobody uses the file any more.
  Status take_down();

 private:
  RecordedDisk() = default;

  // Taken down in reverse order.
  std::unique_ptr<Format2Writer> writer_;
  std::unique_ptr<ServedDisk> disk_;
  std::unique_ptr<DiskServer> server_;
};

}  // namespace powercut
