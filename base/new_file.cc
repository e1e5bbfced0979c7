// SPDX-License-Identifier: GPL-2.0-only

#include "base/new_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace powercut {

Status NewFile::check(const std::filesystem::path& path,
                      const std::filesystem::path& source) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return fail(system_error(fmt::format("cannot write {}", path.string()), EISDIR));
  }
  const std::filesystem::path parent = path.parent_path();
  if (!parent.empty() && !std::filesystem::is_directory(parent, ignored)) {
    return fail(system_error(fmt::format("cannot write {}", path.string()), ENOENT));
  }
  if (!source.empty() && std::filesystem::equivalent(path, source, ignored)) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("{} is the log itself, and would be overwritten", path.string()),
        "choose another name for the output");
  }
  return {};
}

NewFile::NewFile(std::filesystem::path path)
    : path_(std::move(path)), partial_(path_.string() + ".partial") {}

NewFile::~NewFile() {
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
}

Status NewFile::finish() {
  std::error_code error;
  std::filesystem::rename(partial_, path_, error);
  if (error) {
    return fail(
        system_error(fmt::format("cannot write {}", path_.string()), error.value()));
  }
  return {};
}

}  // namespace powercut
