// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/recording_places.h"

#include <fmt/format.h>

#include <system_error>

namespace powercut {

namespace {

namespace fs = std::filesystem;

bool same_file(const fs::path& one, const fs::path& other) {
  std::error_code ignored;
  return !one.empty() && !other.empty() &&
         (fs::equivalent(one, other, ignored) ||
          fs::weakly_canonical(one, ignored) == fs::weakly_canonical(other, ignored));
}

Status both(const fs::path& path, const char* one, const char* other) {
  return fail(ErrorKind::kUsage,
              fmt::format("{} would be {} and {}", path.native(), one, other),
              "choose another name for the output");
}

}  // namespace

Status check_recording_places(const fs::path& log, const fs::path& image,
                              const fs::path& keep_image) {
  if (same_file(log, image)) {
    return both(log, "the log", "the image that is recorded over");
  }
  if (same_file(keep_image, image)) {
    return both(keep_image, "the disk's final bytes", "the image that is recorded over");
  }
  if (same_file(log, keep_image)) {
    return both(log, "the log", "the disk's final bytes");
  }
  return {};
}

}  // namespace powercut
