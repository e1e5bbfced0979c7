// SPDX-License-Identifier: GPL-2.0-only
//
// The disk that a scenario begins with: a fresh file system on a disk full of poison
// (workload/fill.h), so that a block that was never written is told from one of zeros.

#pragma once

#include "base/image_source.h"
#include "base/result.h"
#include "device/run_dir.h"
#include "workload/scenario.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace powercut {

struct BaseImageOptions {
  std::string file_system;  // "none": poison all over
  std::uint64_t size_bytes = 0;
  std::uint32_t block_bytes = 4096;  // logical block of the disk
  std::vector<std::string> mkfs_options;

  bool operator==(const BaseImageOptions&) const = default;
};

// What a scenario asks for, with what its file system needs where it says nothing.
BaseImageOptions base_image_options(const Scenario& scenario);

// The command that makes the file system in `file`: no discards, nothing left to be made
// later by the kernel, a fixed identity.
std::vector<std::string> base_mkfs_command(const BaseImageOptions& options,
                                           const std::filesystem::path& file);

struct BaseImage {
  std::filesystem::path file;  // in the run directory; must not change
  std::shared_ptr<const ImageSource> source;
  std::uint64_t digest = 0;
};

// An Error of kind kMissing if there is no mkfs for it; of kind kUsage, with what mkfs
// printed, if mkfs refuses.
Result<BaseImage> make_base_image(const BaseImageOptions& options, const RunDir& run_dir);

}  // namespace powercut
