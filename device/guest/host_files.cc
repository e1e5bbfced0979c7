// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/host_files.h"

#include "base/mapped_file.h"
#include "device/guest/elf_file.h"
#include "device/guest/program_files.h"

#include <fmt/format.h>

#include <elf.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace powercut {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;

Result<struct stat> status_of(const fs::path& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    return fail(system_error(fmt::format("cannot copy {}", path.native()), errno));
  }
  return status;
}

}  // namespace

HostFiles::HostFiles(CpioWriter& writer, fs::path own_program, fs::path own_place)
    : writer_(writer),
      own_program_(std::move(own_program)),
      own_place_(std::move(own_place)) {}

// Walks the path; at a link, stores it and starts again behind it.
Status HostFiles::add(const fs::path& path) {
  std::error_code error;
  fs::path rest = fs::absolute(path, error).lexically_normal();
  if (!rest.has_filename()) {
    rest = rest.parent_path();  // "dir/"
  }
  for (int links = 0; links <= kMaxLinks; ++links) {
    fs::path walked = "/";
    fs::path next;
    fs::path behind;
    for (const fs::path& part : rest.relative_path()) {
      if (!next.empty()) {
        behind /= part;
        continue;
      }
      PC_ASSIGN_OR_RETURN(const struct stat status, status_of(walked / part));
      if (S_ISLNK(status.st_mode)) {
        const fs::path target = fs::read_symlink(walked / part, error);
        PC_RETURN_IF_ERROR(writer_.add_symlink(walked / part, target));
        next = walked / target;  // an absolute target replaces what was walked
      } else {
        walked /= part;
      }
    }
    if (next.empty()) {
      return add_as(walked, walked);
    }
    rest = (behind.empty() ? next : next / behind).lexically_normal();
  }
  return fail(ErrorKind::kBadInput,
              fmt::format("cannot copy {}: its links never end", path.native()));
}

Status HostFiles::add_as(const fs::path& host, const fs::path& guest) {
  if (writer_.contains(guest)) {
    return {};
  }
  std::error_code error;
  const fs::path real = fs::canonical(host, error);
  if (error) {
    return fail(
        system_error(fmt::format("cannot copy {}", host.native()), error.value()));
  }
  if (real == own_program_) {
    return guest == own_place_ ? add_own_program()
                               : writer_.add_symlink(guest, own_place_);
  }
  PC_ASSIGN_OR_RETURN(const struct stat status, status_of(real));
  if (S_ISDIR(status.st_mode)) {
    return add_directory(real, guest);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("cannot copy {}: neither a file nor a directory", host.native()));
  }
  return writer_.add_host_file(guest, status.st_mode & 07777, real,
                               static_cast<std::uint64_t>(status.st_size));
}

Status HostFiles::add_directory(const fs::path& host, const fs::path& guest) {
  PC_RETURN_IF_ERROR(writer_.add_directory(guest, 0755));
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(host, error)) {
    const fs::path place = guest / entry.path().filename();
    if (entry.is_symlink()) {
      std::error_code ignored;
      PC_RETURN_IF_ERROR(
          writer_.add_symlink(place, fs::read_symlink(entry.path(), ignored)));
    } else if (entry.is_regular_file() || entry.is_directory()) {
      PC_RETURN_IF_ERROR(add_as(entry.path(), place));
    }
  }
  if (error) {
    return fail(
        system_error(fmt::format("cannot list {}", host.native()), error.value()));
  }
  return {};
}

// A debug build has some 50 MiB that are never loaded. Without its section headers an
// ELF file ends where its last loaded byte does.
Status HostFiles::add_own_program() {
  PC_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(own_program_));
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()),
                               file.bytes().size());
  PC_ASSIGN_OR_RETURN(const ElfFile elf, read_elf(bytes, own_program_));
  std::string loaded(bytes.substr(0, elf.loaded_bytes));
  Elf64_Ehdr header;
  std::memcpy(&header, loaded.data(), sizeof header);
  header.e_shoff = 0;
  header.e_shnum = 0;
  header.e_shstrndx = 0;
  std::memcpy(loaded.data(), &header, sizeof header);
  return writer_.add_file(own_place_, 0755, loaded);
}

Status HostFiles::add_program(const fs::path& program) {
  PC_ASSIGN_OR_RETURN(const std::vector<fs::path> files, files_of_program(program));
  for (const fs::path& file : files) {
    PC_RETURN_IF_ERROR(add(file));
  }
  return {};
}

}  // namespace powercut
