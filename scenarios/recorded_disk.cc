// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/recorded_disk.h"

#include "base/image_source.h"
#include "device/file_overlay.h"
#include "scenarios/recording_places.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace powercut {

namespace {

Result<Device> describe(const RecordedDiskOptions& options, std::uint64_t size_bytes,
                        const ImageSource* base) {
  Device device;
  device.name = options.name;
  device.size_bytes = size_bytes;
  device.logical_block_bytes = options.block_bytes;
  device.physical_block_bytes = options.block_bytes;
  device.write_cache = true;
  device.fua = false;  // loop driver and QEMU turn FUA into a write and a flush
  device.discard = true;
  device.discard_zeroes = true;  // a served disk punches holes
  device.write_zeroes = true;
  device.bounce = true;  // what is logged is the copy that goes to the disk
  if (base != nullptr) {
    device.has_base = true;
    PC_ASSIGN_OR_RETURN(device.base_digest, base->digest());
  }
  return device;
}

}  // namespace

Result<std::unique_ptr<RecordedDisk>> RecordedDisk::build(
    const RecordedDiskOptions& options, const RunDir& run_dir) {
  PC_RETURN_IF_ERROR(
      check_recording_places(options.log, options.image, options.keep_image));
  std::unique_ptr<RecordedDisk> recorded(new RecordedDisk());
  std::filesystem::path image =
      options.keep_image.empty() ? run_dir.path() / "disk.img" : options.keep_image;
  std::shared_ptr<const ImageSource> base;
  std::unique_ptr<FileOverlay> overlay;
  std::uint64_t size_bytes = options.size_bytes;
  if (!options.image.empty()) {
    PC_ASSIGN_OR_RETURN(base, ImageSource::open(options.image));
    size_bytes = base->size_bytes();
  }
  if (size_bytes == 0 || size_bytes % options.block_bytes != 0) {
    return fail(ErrorKind::kUsage,
                fmt::format("a disk of {} bytes is not made of {}-byte blocks",
                            size_bytes, options.block_bytes));
  }
  if (base == nullptr) {
    PC_ASSIGN_OR_RETURN(overlay, FileOverlay::create(image, size_bytes));
  } else {
    PC_ASSIGN_OR_RETURN(overlay, FileOverlay::create_from(image, *base));
  }
  PC_ASSIGN_OR_RETURN(Device device, describe(options, size_bytes, base.get()));
  Format2Options log;
  log.devices = {device};
  PC_ASSIGN_OR_RETURN(recorded->writer_, Format2Writer::create(options.log, log));
  ServedDisk::Options disk;
  disk.overlay = std::move(overlay);
  disk.recorder = recorded->writer_.get();
  recorded->disk_ = std::make_unique<ServedDisk>(size_bytes, nullptr, std::move(disk));
  PC_ASSIGN_OR_RETURN(std::filesystem::path mountpoint, run_dir.make_directory("disks"));
  PC_ASSIGN_OR_RETURN(recorded->server_,
                      DiskServer::start(mountpoint, run_dir.run_id(),
                                        {DiskFile{"disk", recorded->disk_.get()}}, {}));
  return recorded;
}

Status RecordedDisk::take_down() {
  Status stopped = server_->stop();
  std::optional<Error> recorder = disk_->recorder_error();
  Status closed = writer_->close();
  if (recorder) {
    return fail(*recorder);
  }
  PC_RETURN_IF_ERROR(stopped);
  return closed;
}

}  // namespace powercut
