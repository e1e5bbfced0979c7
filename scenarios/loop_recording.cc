// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/loop_recording.h"

#include "device/loop_device.h"
#include "scenarios/recorded_disk.h"

#include <fcntl.h>

#include <memory>
#include <optional>
#include <utility>

namespace powercut {

namespace {

RecordedDiskOptions disk_options(const LoopRecordingOptions& options) {
  RecordedDiskOptions disk;
  disk.log = options.log;
  disk.name =
      options.workload.file_system.empty() ? "disk" : options.workload.file_system;
  disk.size_bytes = options.size_bytes;
  disk.image = options.image;
  disk.keep_image = options.keep_image;
  disk.block_bytes = options.block_bytes;
  return disk;
}

Result<LoopDevice> attach(const RecordedDisk& disk, std::uint32_t block_bytes) {
  PC_ASSIGN_OR_RETURN(Fd file, Fd::open(disk.file(), O_RDWR | O_DIRECT));
  LoopDevice::Options options;
  options.block_bytes = block_bytes;
  options.direct_io = true;
  return LoopDevice::attach(file, options);
}

}  // namespace

Result<LoopRecordingResult> record_on_loop(const LoopRecordingOptions& options,
                                           const RunDir& run_dir) {
  PC_ASSIGN_OR_RETURN(std::unique_ptr<RecordedDisk> disk,
                      RecordedDisk::build(disk_options(options), run_dir));
  PC_ASSIGN_OR_RETURN(LoopDevice loop, attach(*disk, options.block_bytes));
  Result<ExitState> state =
      run_recorded_workload(options.workload, {loop.path()}, run_dir,
                            [&](std::string_view text) { return disk->mark(text); });
  Status detached = loop.detach();
  // A full log shows first as an I/O error of the file system: the cause is the log's.
  // Of a disk that is still in use it is whoever uses it, and not what cannot go then.
  const std::optional<Error> recorder = disk->recorder_error();
  const Status down = disk->take_down();
  if (recorder) {
    return fail(*recorder);
  }
  if (!state) {
    return fail(state.error());
  }
  PC_RETURN_IF_ERROR(down);
  PC_RETURN_IF_ERROR(detached);
  LoopRecordingResult result;
  result.workload = std::move(*state);
  std::error_code ignored;
  result.log_bytes = std::filesystem::file_size(options.log, ignored);
  return result;
}

}  // namespace powercut
