// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/cache_dir.h"

#include <fmt/format.h>

#include <cstdlib>

namespace powercut {

Result<std::filesystem::path> cache_directory() {
  std::filesystem::path parent = "/var/cache";
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache != nullptr && *cache == '/') {
    parent = cache;
  } else if (home != nullptr && *home == '/') {
    parent = std::filesystem::path(home) / ".cache";
  }
  std::filesystem::path directory = parent / "powercut";
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    Error told =
        system_error(fmt::format("cannot make {}", directory.native()), error.value());
    told.hint = "set XDG_CACHE_HOME to a directory that can be written";
    return fail(std::move(told));
  }
  return directory;
}

}  // namespace powercut
