// SPDX-License-Identifier: GPL-2.0-only

#include "base/mapped_file.h"

#include "base/fd.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace powercut {

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // Without O_NONBLOCK a FIFO would wait for a writer; on files and disks it does
  // nothing.
  PC_ASSIGN_OR_RETURN(Fd fd, Fd::open(path, O_RDONLY | O_NONBLOCK));
  PC_ASSIGN_OR_RETURN(std::uint64_t size_bytes, size_of(fd, path));
  MappedFile file;
  if (size_bytes == 0) {
    return file;  // mmap(2) refuses a length of 0
  }
  void* address = ::mmap(nullptr, size_bytes, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (address == MAP_FAILED) {
    return fail(system_error(
        fmt::format("cannot map {} ({} bytes)", path.string(), size_bytes), errno));
  }
  file.data_ = static_cast<const std::byte*>(address);
  file.size_bytes_ = size_bytes;
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  if (this != &other) {
    reset();
    data_ = std::exchange(other.data_, nullptr);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
  }
  return *this;
}

void MappedFile::reset() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::byte*>(data_), size_bytes_);
    data_ = nullptr;
    size_bytes_ = 0;
  }
}

void MappedFile::drop_pages(std::uint64_t from_bytes, std::uint64_t to_bytes) const {
  const std::uint64_t page_bytes = static_cast<std::uint64_t>(::getpagesize());
  std::uint64_t from = from_bytes / page_bytes * page_bytes;
  std::uint64_t to = std::min<std::uint64_t>(to_bytes, size_bytes_);
  if (data_ != nullptr && from < to) {
    ::madvise(const_cast<std::byte*>(data_ + from), to - from, MADV_DONTNEED);
  }
}

void MappedFile::advise_sequential() const {
  if (data_ != nullptr) {
    ::madvise(const_cast<std::byte*>(data_), size_bytes_, MADV_SEQUENTIAL);
  }
}

}  // namespace powercut
