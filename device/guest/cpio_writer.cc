// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/cpio_writer.h"

#include "base/ensure.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace powercut {
namespace {

constexpr std::size_t kCopyBytes = 1 << 20;
constexpr std::string_view kZeros("\0\0\0\0", 4);

std::string name_in_archive(const std::filesystem::path& path) {
  PC_ENSURE(path.is_absolute(), "a path in an initramfs is absolute");
  return path.lexically_normal().relative_path().native();
}

}  // namespace

struct CpioWriter::Entry {
  std::uint32_t mode = 0;
  std::uint32_t links = 1;
  std::uint64_t size_bytes = 0;
  std::uint32_t major_number = 0;
  std::uint32_t minor_number = 0;
};

Result<CpioWriter> CpioWriter::create(const std::filesystem::path& archive) {
  PC_ASSIGN_OR_RETURN(Fd file, Fd::open(archive, O_WRONLY | O_CREAT | O_TRUNC));
  return CpioWriter(std::move(file), archive);
}

CpioWriter::CpioWriter(Fd file, std::filesystem::path archive)
    : file_(std::move(file)), archive_(std::move(archive)) {}

bool CpioWriter::contains(const std::filesystem::path& path) const {
  const std::string name = name_in_archive(path);
  return name.empty() || names_.contains(name);
}

Status CpioWriter::write(std::string_view bytes) {
  PC_RETURN_IF_ERROR(
      write_fully(file_, std::as_bytes(std::span(bytes)), offset_bytes_, archive_));
  offset_bytes_ += bytes.size();
  return {};
}

Status CpioWriter::pad() {
  return write(kZeros.substr(0, (4 - offset_bytes_ % 4) % 4));
}

Status CpioWriter::header(const std::string& name, const Entry& entry) {
  const std::uint64_t name_bytes = name.size() + 1;
  // magic, inode, mode, uid, gid, links, mtime, size, device, device node, name, check
  std::string text = fmt::format(
      "070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}"
      "{:08x}",
      next_inode_++, entry.mode, 0, 0, entry.links, 0, entry.size_bytes, 0, 0,
      entry.major_number, entry.minor_number, name_bytes, 0);
  text += name;
  text += '\0';
  PC_RETURN_IF_ERROR(write(text));
  return pad();
}

// The directories above, then the header; the caller writes the data.
Status CpioWriter::begin(const std::filesystem::path& path, const Entry& entry) {
  if (entry.size_bytes > std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} of {} bytes is too large for an initramfs", path.native(),
                            entry.size_bytes),
                "give it to the guest as a disk");
  }
  const std::filesystem::path parent = path.lexically_normal().parent_path();
  if (!contains(parent)) {
    PC_RETURN_IF_ERROR(add_directory(parent, 0755));
  }
  const std::string name = name_in_archive(path);
  names_.insert(name);
  return header(name, entry);
}

Status CpioWriter::add_directory(const std::filesystem::path& path,
                                 std::uint32_t permissions) {
  if (contains(path)) {
    return {};
  }
  Entry entry;
  entry.mode = S_IFDIR | permissions;
  entry.links = 2;
  return begin(path, entry);
}

Status CpioWriter::add_file(const std::filesystem::path& path, std::uint32_t permissions,
                            std::string_view content) {
  if (contains(path)) {
    return {};
  }
  Entry entry;
  entry.mode = S_IFREG | permissions;
  entry.size_bytes = content.size();
  PC_RETURN_IF_ERROR(begin(path, entry));
  PC_RETURN_IF_ERROR(write(content));
  return pad();
}

Status CpioWriter::copy(const Fd& from, std::uint64_t size_bytes,
                        const std::filesystem::path& host_file) {
  std::vector<std::byte> buffer(std::min<std::uint64_t>(size_bytes, kCopyBytes));
  for (std::uint64_t done = 0; done < size_bytes;) {
    const std::size_t part = std::min<std::uint64_t>(size_bytes - done, buffer.size());
    const std::span<std::byte> bytes(buffer.data(), part);
    PC_RETURN_IF_ERROR(read_fully(from, bytes, done, host_file));
    PC_RETURN_IF_ERROR(write_fully(file_, bytes, offset_bytes_, archive_));
    offset_bytes_ += part;
    done += part;
  }
  return {};
}

Status CpioWriter::add_host_file(const std::filesystem::path& path,
                                 std::uint32_t permissions,
                                 const std::filesystem::path& host_file,
                                 std::uint64_t size_bytes) {
  if (contains(path)) {
    return {};
  }
  PC_ASSIGN_OR_RETURN(Fd from, Fd::open(host_file, O_RDONLY));
  Entry entry;
  entry.mode = S_IFREG | permissions;
  entry.size_bytes = size_bytes;
  PC_RETURN_IF_ERROR(begin(path, entry));
  PC_RETURN_IF_ERROR(copy(from, size_bytes, host_file));
  return pad();
}

Status CpioWriter::add_symlink(const std::filesystem::path& path,
                               const std::string& target) {
  if (contains(path)) {
    return {};
  }
  Entry entry;
  entry.mode = S_IFLNK | 0777;
  entry.size_bytes = target.size();
  PC_RETURN_IF_ERROR(begin(path, entry));
  PC_RETURN_IF_ERROR(write(target));
  return pad();
}

Status CpioWriter::add_character_device(const std::filesystem::path& path,
                                        std::uint32_t permissions,
                                        std::uint32_t major_number,
                                        std::uint32_t minor_number) {
  if (contains(path)) {
    return {};
  }
  Entry entry;
  entry.mode = S_IFCHR | permissions;
  entry.major_number = major_number;
  entry.minor_number = minor_number;
  return begin(path, entry);
}

Status CpioWriter::finish() {
  return header("TRAILER!!!", Entry{});
}

}  // namespace powercut
