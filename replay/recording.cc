// SPDX-License-Identifier: GPL-2.0-only

#include "replay/recording.h"

#include "base/image_source.h"

#include <fmt/format.h>

#include <bit>

namespace powercut {

std::uint64_t guess_device_bytes(std::uint64_t extent_bytes) {
  constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  if (extent_bytes >= kGiB) {
    return (extent_bytes + kGiB - 1) / kGiB * kGiB;
  }
  return std::max(std::bit_ceil(extent_bytes), kMiB);
}

Result<std::shared_ptr<const Recording>> Recording::open(
    const std::filesystem::path& path, const RecordingOptions& options) {
  DamageList damage;
  PC_ASSIGN_OR_RETURN(std::unique_ptr<Log> log, Log::open(path, options.log, damage));
  PC_ASSIGN_OR_RETURN(std::shared_ptr<const Recording> opened,
                      make(std::shared_ptr<const Log>(std::move(log)), options));
  std::shared_ptr<Recording> recording = std::const_pointer_cast<Recording>(opened);
  recording->warnings_.insert(recording->warnings_.begin(), damage.sentences().begin(),
                              damage.sentences().end());
  return opened;
}

Result<std::shared_ptr<const Recording>> Recording::make(
    std::shared_ptr<const Log> log, const RecordingOptions& options) {
  std::shared_ptr<Recording> recording(new Recording());
  recording->log_ = std::move(log);
  PC_ASSIGN_OR_RETURN(recording->timeline_,
                      Timeline::build(*recording->log_, options.timeline));
  recording->index_ = std::make_unique<const BlockIndex>(*recording->timeline_);
  std::size_t devices = recording->timeline_->devices().size();
  recording->bases_.resize(devices);
  if (options.bases.size() > devices) {
    return fail(ErrorKind::kUsage, fmt::format("{} base images for a log of {} devices",
                                               options.bases.size(), devices));
  }
  for (std::size_t i = 0; i < devices; ++i) {
    if (i < options.base_sources.size() && options.base_sources[i] != nullptr) {
      recording->bases_[i] = options.base_sources[i];
    } else if (i < options.bases.size() && !options.bases[i].empty()) {
      PC_RETURN_IF_ERROR(
          recording->open_base(static_cast<std::uint16_t>(i), options.bases[i]));
    } else if (recording->timeline_->devices()[i].has_base) {
      return fail(ErrorKind::kUsage,
                  fmt::format("device {} ('{}') of this log was recorded over an image",
                              i, recording->timeline_->devices()[i].name),
                  "name the image as it was before the recording: --base FILE");
    }
  }
  PC_RETURN_IF_ERROR(recording->settle_sizes(options.size_bytes));
  return std::shared_ptr<const Recording>(recording);
}

Status Recording::open_base(std::uint16_t device, const std::filesystem::path& path) {
  PC_ASSIGN_OR_RETURN(std::shared_ptr<const ImageSource> image, ImageSource::open(path));
  const Device& recorded = timeline_->devices()[device];
  if (recorded.has_base && recorded.base_digest != 0) {
    PC_ASSIGN_OR_RETURN(std::uint64_t digest, image->digest());
    if (digest != recorded.base_digest) {
      return fail(ErrorKind::kBadInput,
                  fmt::format("{} is not the image that the log was recorded over: "
                              "its digest is {:016x}, the log says {:016x}",
                              path.string(), digest, recorded.base_digest),
                  "use an unchanged copy of the image given to `record --image`");
    }
  }
  bases_[device] = std::move(image);
  return {};
}

Status Recording::settle_sizes(std::uint64_t asked_bytes) {
  for (std::uint16_t i = 0; i < timeline_->devices().size(); ++i) {
    std::uint64_t recorded = timeline_->devices()[i].size_bytes;
    std::uint64_t extent = timeline_->extent_bytes(i);
    std::uint64_t size = recorded;
    if (i == 0 && asked_bytes != 0) {
      size = asked_bytes;
    } else if (size == 0 && bases_[i] != nullptr) {
      size = std::max(bases_[i]->size_bytes(), guess_device_bytes(extent));
    } else if (size == 0) {
      size = guess_device_bytes(extent);
      warnings_.push_back(fmt::format(
          "the log does not say how large its device is: {} bytes are assumed from the "
          "furthest write at byte {} (--size sets it)",
          size, extent));
    }
    if (extent > size) {
      return fail(ErrorKind::kUsage,
                  fmt::format("device {} of {} bytes is too small: the log writes up to "
                              "byte {}",
                              i, size, extent),
                  "give the device's real size with --size");
    }
    if (size % 512 != 0) {
      return fail(
          ErrorKind::kUsage,
          fmt::format("a device of {} bytes is not made of 512-byte sectors", size));
    }
    sizes_.push_back(size);
  }
  return {};
}

}  // namespace powercut
