// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/local_mount.h"

#include <fmt/format.h>

#include <string_view>
#include <system_error>

namespace powercut {
namespace {

bool has_option(std::string_view options, std::string_view wanted) {
  return fmt::format(",{},", options).find(fmt::format(",{},", wanted)) !=
         std::string::npos;
}

}  // namespace

Result<std::filesystem::path> make_numbered_directory(const RunDir& run_dir,
                                                      const std::string& prefix) {
  for (int number = 0; number < 100000; ++number) {
    const std::string name = fmt::format("{}{}", prefix, number);
    Result<std::filesystem::path> made = run_dir.make_directory(name);
    std::error_code ignored;
    if (made || !std::filesystem::exists(run_dir.path() / name, ignored)) {
      return made;
    }
  }
  return fail(ErrorKind::kSystem,
              fmt::format("too many directories {}* in one run directory", prefix));
}

std::string options_for_many(const std::string& file_system, const std::string& options) {
  if (file_system != "xfs" || has_option(options, "nouuid")) {
    return options;
  }
  return options.empty() ? "nouuid" : options + ",nouuid";
}

}  // namespace powercut
