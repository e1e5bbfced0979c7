// SPDX-License-Identifier: GPL-2.0-only
//
// Where a recording reads and writes files: none may take the place of another.

#pragma once

#include "base/result.h"

#include <filesystem>

namespace powercut {

// The log, the image that is recorded over and the file that keeps the disk (empty:
// none). An Error (kUsage) names two that are one file, by path or by link.
Status check_recording_places(const std::filesystem::path& log,
                              const std::filesystem::path& image,
                              const std::filesystem::path& keep_image);

}  // namespace powercut
