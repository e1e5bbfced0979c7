// SPDX-License-Identifier: GPL-2.0-only

#include "base/new_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace powercut {

namespace {

// A new file would take the place of what it is: a device node, a FIFO.
Status no_regular_file(const std::filesystem::path& path) {
  return fail(ErrorKind::kUsage,
              fmt::format("{} is no regular file, and would be replaced", path.string()),
              "choose another name for the output");
}

bool takes(std::filesystem::file_type type, NewFile::Devices devices) {
  using Type = std::filesystem::file_type;
  return type == Type::regular || type == Type::not_found ||
         (type == Type::block && devices == NewFile::Devices::kInPlace);
}

// Behind symbolic links.
std::filesystem::path real_place(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(path, error);
  return error ? path : real;
}

}  // namespace

Status NewFile::check(const std::filesystem::path& path,
                      const std::filesystem::path& source, Devices devices) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return fail(system_error(fmt::format("cannot write {}", path.string()), EISDIR));
  }
  const std::filesystem::path parent = path.parent_path();
  if (!parent.empty() && !std::filesystem::is_directory(parent, ignored)) {
    return fail(system_error(fmt::format("cannot write {}", path.string()), ENOENT));
  }
  if (!takes(std::filesystem::status(path, ignored).type(), devices)) {
    return no_regular_file(path);
  }
  if (!source.empty() && std::filesystem::equivalent(path, source, ignored)) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("{} is the log itself, and would be overwritten", path.string()),
        "choose another name for the output");
  }
  return {};
}

NewFile::NewFile(const std::filesystem::path& path)
    : path_(real_place(path)), partial_(path_.string() + ".partial") {}

NewFile::~NewFile() {
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
}

Status NewFile::finish() {
  std::error_code error;
  if (!takes(std::filesystem::status(path_, error).type(), Devices::kRefused)) {
    return no_regular_file(path_);
  }
  std::filesystem::rename(partial_, path_, error);
  if (error) {
    return fail(
        system_error(fmt::format("cannot write {}", path_.string()), error.value()));
  }
  return {};
}

}  // namespace powercut
